import express, { Router } from 'express';
import { paths } from '../settings/paths.ts';

const page = `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
  <title>Slipway API</title>
  <link rel="icon" href="/docs/favicon-32x32.png"><link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
  <div id="swagger-ui"></div>
  <script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script>
</body>
</html>
`;

// A separate file, because the content security policy allows no inline script.
const start = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true, tryItOutEnabled: true });\n`;

/** The description of the API, and Swagger UI to try it. Both load on first use. */
export function docsRoutes(release: string): Router {
  const router = Router();
  let description: Promise<string> | undefined;

  router.get('/openapi.json', async (_req, res) => {
    description ??= import('./openapi.ts').then(({ openApiDocument }) =>
      JSON.stringify(openApiDocument(release)),
    );
    res.type('json').end(await description);
  });
  router.get('/docs', (_req, res) => void res.type('html').end(page));
  router.get('/docs/start.js', (_req, res) => void res.type('js').end(start));
  router.use('/docs', express.static(paths.swagger, { index: false, maxAge: '1h', etag: false }));
  return router;
}
