import * as z from 'zod';
import { problem } from '../http/schema.ts';
import { operations, type Operation } from './operations.ts';

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 description of the API, made from the schemas that check the requests. */
export function openApiDocument(release: string): object {
  const paths: Record<string, Json> = {};
  for (const operation of operations)
    (paths[operation.path] ??= {})[operation.method] = describe(operation);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Slipway API',
      version: release,
      description: 'A chat backend. Every error is an RFC 9457 problem.',
    },
    servers: [{ url: '/' }],
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: namedSchemas(),
    },
    paths,
  };
}

function describe(operation: Operation): Json {
  const { tag, summary, body, query, params, headers, open } = operation;
  const parameters = [
    ...parametersOf('path', params),
    ...parametersOf('query', query),
    ...parametersOf('header', headers),
  ];
  return {
    tags: [tag],
    summary,
    operationId: operationId(operation),
    ...(open ? {} : { security: [{ bearer: [] }] }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, ...content(body) } }),
    responses: responsesOf(operation),
  };
}

function parametersOf(place: string, fields: z.ZodObject | undefined): Json[] {
  if (!fields) return [];
  // As the handler gets them: a number is a number here, although it travels as text.
  const { properties = {}, required = [] } = z.toJSONSchema(fields);
  return Object.entries(properties).map(([name, property]) => {
    const schema = property as Json;
    return {
      schema,
      required: required.includes(name) && !('default' in schema),
      ...('description' in schema && { description: schema['description'] }),
      name,
      in: place,
    };
  });
}

/** Such as `postApiTokenRefresh` for POST /api/token/refresh. */
function operationId({ method, path }: Operation): string {
  const words = path.replace(/[^a-z]+([a-z])/gi, (_, letter: string) => letter.toUpperCase());
  return `${method}${words.replace(/\W/g, '')}`;
}

function responsesOf(operation: Operation): Json {
  const { status = 200, returns } = operation;
  const failure = { description: 'A problem', ...content(problem, 'application/problem+json') };
  return {
    [status]: { description: 'Done', ...(returns && content(returns)) },
    ...Object.fromEntries(problemCodes(operation).map((code) => [code, failure])),
  };
}

function content(type: z.ZodType, mediaType = 'application/json'): Json {
  const schema = jsonSchema(type);
  delete schema.$schema;
  delete schema.$defs;
  return { content: { [mediaType]: { schema } } };
}

/** The schemas that have a name, `meta({ id })`; every other refers to them. */
function namedSchemas(): Json {
  const types = operations.flatMap(({ body, returns }) => [body, returns]);
  const all = [problem, ...types].filter((type) => type !== undefined);
  return Object.assign({}, ...all.map((type) => jsonSchema(type).$defs)) as Json;
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

/** What a client sends: a field that has a default may be left out. */
function jsonSchema(type: z.ZodType): z.core.JSONSchema.BaseSchema {
  const schema = z.toJSONSchema(type, { io: 'input' });
  return JSON.parse(
    JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'),
  ) as z.core.JSONSchema.BaseSchema;
}
