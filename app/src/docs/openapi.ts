import {
  OpenApiGeneratorV31,
  OpenAPIRegistry,
  type RouteConfig,
} from '@asteasolutions/zod-to-openapi';
import { problem } from '../http/schema.ts';
import { operations, type Operation } from './operations.ts';

/** The OpenAPI 3.1 description of the API, made from the schemas that check the requests. */
export function openApiDocument(release: string): object {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
  });
  for (const operation of operations) registry.registerPath(toRoute(operation));
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Slipway API',
      version: release,
      description: 'A chat backend. Every error is an RFC 9457 problem.',
    },
    servers: [{ url: '/' }],
  });
}

function toRoute(operation: Operation): RouteConfig {
  const { method, path, tag, summary, body, query, params, headers, open } = operation;
  return {
    method,
    path,
    tags: [tag],
    summary,
    operationId: operationId(operation),
    ...(open ? {} : { security: [{ bearer: [] }] }),
    request: {
      ...(params && { params }),
      ...(query && { query }),
      ...(headers && { headers }),
      ...(body && { body: { required: true, content: { 'application/json': { schema: body } } } }),
    },
    responses: responsesOf(operation),
  };
}

/** Such as `postApiTokenRefresh` for POST /api/token/refresh. */
function operationId({ method, path }: Operation): string {
  const words = path.replace(/[^a-z]+([a-z])/gi, (_, letter: string) => letter.toUpperCase());
  return `${method}${words.replace(/\W/g, '')}`;
}

function responsesOf(operation: Operation): RouteConfig['responses'] {
  const { status = 200, returns } = operation;
  const failure = {
    description: 'A problem',
    content: { 'application/problem+json': { schema: problem } },
  };
  return {
    [status]: returns
      ? { description: 'Done', content: { 'application/json': { schema: returns } } }
      : { description: 'Done' },
    ...Object.fromEntries(problemCodes(operation).map((code) => [code, failure])),
  };
}

/** The status codes of an operation's problems, those that many operations share included. */
function problemCodes({ body, query, open, problems = [] }: Operation): number[] {
  const usual = [
    ...(body || query ? [400] : []),
    ...(open ? [] : [401]),
    ...(body ? [413, 415] : []),
    503,
  ];
  return [...new Set([...usual, ...problems])].sort();
}
