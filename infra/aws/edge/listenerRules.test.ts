import { describe, expect, it } from 'vitest';
import { createBlueprint } from '../../blueprint.ts';
import type { Route } from '../../release/route.ts';
import { parseConfig } from '../../config/config.ts';
import { listenerRules } from './listenerRules.ts';

const { routes } = createBlueprint(
  parseConfig({ platform: 'docker', build: 'true' }, { project: 'p', stack: 's' }),
);
const rules = listenerRules(routes);

/** Answers as a load balancer does: the first pattern that matches, by priority. */
function serviceFor(path: string, table: Route[] = routes): string {
  const matches = listenerRules(table)
    .sort((a, b) => a.priority - b.priority)
    .find(({ pathPattern }) =>
      pathPattern.endsWith('*') ? path.startsWith(pathPattern.slice(0, -1)) : path === pathPattern,
    );
  return matches?.service ?? 'refused';
}

describe('the route table on a load balancer', () => {
  it.each([
    '/',
    '/assets/main.js',
    '/api/users/me',
    '/ws',
    '/health',
    '/health/ready',
    '/docs',
    '/docs/x',
    '/openapi.json',
  ])('sends %s to the api', (path) => expect(serviceFor(path)).toBe('api'));

  it.each(['/metrics', '/admin', '/index.html', '/api', '/health/', '/ws/x', '/openapi.json.bak'])(
    'refuses %s',
    (path) => expect(serviceFor(path)).toBe('refused'),
  );

  it('has a rule and a name for each route, and a priority of its own that AWS takes', () => {
    expect(rules).toHaveLength(routes.length);
    expect(new Set(rules.map(({ name }) => name)).size).toBe(routes.length);
    expect(new Set(rules.map(({ priority }) => priority)).size).toBe(routes.length);
    for (const { priority } of rules) {
      expect(priority).toBeGreaterThanOrEqual(1);
      expect(priority).toBeLessThanOrEqual(50_000);
    }
  });

  it('takes the exact path before a prefix, and the longer prefix before the shorter one', () => {
    const table: Route[] = [
      { path: '/', match: 'prefix', service: 'web' },
      { path: '/api/', match: 'prefix', service: 'api' },
      { path: '/api/admin/', match: 'prefix', service: 'admin' },
      { path: '/api/admin/ping', match: 'exact', service: 'ping' },
    ];
    const found = ['/x', '/api/x', '/api/admin/x', '/api/admin/ping'].map((path) =>
      serviceFor(path, table),
    );
    expect(found).toEqual(['web', 'api', 'admin', 'ping']);
    expect(serviceFor('/api/admin/x', table.toReversed())).toBe('admin');
  });

  it('changes no other rule when a route is added or the table is sorted anew', () => {
    const more = listenerRules([
      { path: '/status', match: 'exact', service: 'api' },
      ...routes.toReversed(),
    ]);
    for (const rule of rules) expect(more).toContainEqual(rule);
  });

  it('keeps priorities apart even when two routes would have the same', () => {
    const many: Route[] = Array.from({ length: 100 }, (_, index) => ({
      path: `/p${String(index).padStart(2, '0')}/`,
      match: 'prefix',
      service: 'api',
    }));
    expect(new Set(listenerRules(many).map(({ priority }) => priority)).size).toBe(100);
  });

  it('tells paths apart that differ in their punctuation alone', () => {
    const table: Route[] = ['/a-b', '/a/b', '/a.b', '/a/b/'].map((path) => ({
      path,
      match: 'exact',
      service: 'api',
    }));
    const withPrefixes: Route[] = [
      ...table,
      ...table.map((route) => ({ ...route, match: 'prefix' as const })),
    ];
    expect(new Set(listenerRules(withPrefixes).map(({ name }) => name)).size).toBe(8);
  });

  it.each([
    ['/a*', 'wildcards'],
    [`/${'a'.repeat(128)}`, '128 characters'],
  ])('refuses what a load balancer would misread: %s', (path, reason) => {
    expect(() => listenerRules([{ path, match: 'exact', service: 'api' }])).toThrow(reason);
  });

  it('refuses more routes than a listener takes', () => {
    const route: Route = { path: '/', match: 'exact', service: 'api' };
    expect(() => listenerRules(Array.from({ length: 101 }, () => route))).toThrow('100 rules');
  });
});
