import { readdirSync } from 'node:fs';
import cors from 'cors';
import express, { type Express } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { apiRoutes, type ApiServices } from './api.ts';
import { docsRoutes } from './docs/routes.ts';
import { ReadinessProbe } from './health/readiness.ts';
import { healthRoutes } from './health/routes.ts';
import { errorHandler, noSuchRoute } from './http/errors.ts';
import { refuseOddRequests } from './http/refuseOddRequests.ts';
import { requestLog, requestMetrics } from './http/requests.ts';
import type { Lifecycle } from './process/lifecycle.ts';
import { Metrics } from './process/metrics.ts';
import { paths } from './settings/paths.ts';
import type { ServeSettings } from './settings/settings.ts';

/** The parts that the server is built from. Tests hand in their own. */
interface Services extends ApiServices {
  log: Logger;
  lifecycle: Lifecycle;
}

/** Builds the application without listening. */
export function createServer(services: Services): Express {
  const { settings, pool, cache, log, lifecycle } = services;
  const app = express();
  const metrics = new Metrics(pool);
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('trust proxy', settings.TRUST_PROXY_HOPS);
  app.set('query parser', 'simple');

  app.use(lifecycle.middleware, requestLog(log), requestMetrics(metrics));
  app.use(refuseOddRequests);
  app.use(helmet({ contentSecurityPolicy: { useDefaults: false, directives: contentPolicy } }));

  app.use(
    healthRoutes(settings.RELEASE, new ReadinessProbe(pool, cache, carriedMigrations()), lifecycle),
  );
  app.get('/metrics', async (_req, res) => {
    res.type(metrics.registry.contentType).end(await metrics.registry.metrics());
  });
  app.use('/api', cors({ origin: allowedOrigins(settings), maxAge: 600 }));
  app.use(apiRoutes(services));
  app.use(docsRoutes(settings.RELEASE));
  app.use(express.static(paths.web, { etag: false, maxAge: '5m', index: 'index.html' }));
  app.use(noSuchRoute);
  app.use(errorHandler);
  return app;
}

const self = "'self'";
const contentPolicy = {
  defaultSrc: [self],
  // Swagger UI writes style attributes and shows data: images.
  styleSrc: [self, "'unsafe-inline'"],
  imgSrc: [self, 'data:'],
  objectSrc: ["'none'"],
  baseUri: [self],
  formAction: [self],
  frameAncestors: ["'none'"],
};

function allowedOrigins({ CORS_ORIGINS, FRONTEND_URL }: ServeSettings): string[] {
  return FRONTEND_URL ? [...CORS_ORIGINS, new URL(FRONTEND_URL).origin] : CORS_ORIGINS;
}

function carriedMigrations(): string[] {
  return readdirSync(paths.migrations)
    .filter((file) => file.endsWith('.up.sql'))
    .map((file) => file.slice(0, -'.up.sql'.length));
}
