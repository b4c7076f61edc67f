import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openApiDocument } from './openapi.ts';

interface Document {
  paths: Record<string, Record<string, { operationId: string; security?: unknown[] }>>;
}
const document = openApiDocument('test') as Document;

/** `/conversations/:id` of every routes.ts under app/src that is mounted below /api. */
function routedPaths(): string[] {
  const source = join(import.meta.dirname, '..');
  return ['auth', 'users', 'models', 'conversations', 'messages']
    .filter((feature) => readdirSync(join(source, feature)).includes('routes.ts'))
    .flatMap((feature) => [
      ...readFileSync(join(source, feature, 'routes.ts'), 'utf8').matchAll(/\.route\('([^']+)'\)/g),
    ])
    .map(([, path]) => path?.replace(/:(\w+)/g, '{$1}') ?? '');
}

test('every route under /api is described, and nothing else is', () => {
  expect(Object.keys(document.paths).sort()).toEqual(routedPaths().sort());
});

test('operations have names of their own, and only signing in is open', () => {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.values(methods).map((operation) => ({ path, ...operation })),
  );
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  const open = operations.filter(({ security }) => !security).map(({ path }) => path);
  expect(open.sort()).toEqual(['/api/login', '/api/logout', '/api/register', '/api/token/refresh']);
});
