import { describe, expect, it } from 'vitest';
import { largestBody } from '../../app/src/http/body.ts';
import { createBlueprint } from '../blueprint.ts';
import { parseConfig } from '../config/config.ts';
import { nginxConfig } from './nginxConfig.ts';

const { routes } = createBlueprint(
  parseConfig({ platform: 'docker', build: 'true' }, { project: 'p', stack: 's' }),
);
const upstreams = ['api-0-aa:3000', 'api-1-bb:3000'].map((address) => ({
  service: 'api',
  address,
}));
const render = (served = upstreams) =>
  nginxConfig({ routes, upstreams: served, port: 8080, metricsPort: 8081 });

/** The public server's part. */
const publicPart = (text: string) =>
  text.slice(text.indexOf('listen 8080'), text.indexOf('# Published on the loopback'));

describe('the gateway’s configuration', () => {
  it('sends requests to exactly the given instances', () => {
    const upstream = /upstream api \{[^}]*\}/.exec(render())?.[0] ?? '';
    expect(upstream.match(/server \S+/g)).toEqual(['server api-0-aa:3000', 'server api-1-bb:3000']);
  });

  it('refuses what no route names', () => {
    const locations = [...publicPart(render()).matchAll(/location (= )?(\S+) \{/g)].map(
      ([, exact, path]) => `${exact ?? ''}${path}`,
    );
    const errors = [400, 405, 408, 413, 414, 431, 500, 501, 503, 505].map(
      (status) => `= /-/problem/${status}`,
    );
    expect(locations).toEqual([
      '= /', '/assets/', '/api/', '= /ws', '= /health', '= /health/ready', '/docs', '= /redoc', '= /openapi.json', '/', ...errors,
    ]); // prettier-ignore
    expect(publicPart(render())).toMatch(
      /location \/ \{\s+default_type application\/problem\+json;[^}]*return 404/,
    );
  });

  it('keeps metrics off the public port', () => {
    expect(publicPart(render())).not.toContain('metrics');
    expect(render()).toContain('location = /metrics/1');
  });

  it('answers 503 on every route while no instance serves', () => {
    const text = publicPart(render([]));
    expect(text).not.toContain('proxy_pass');
    expect(text.match(/return 503/g)?.length).toBe(routes.length + 1);
  });

  it('lets through as large a body as the app takes', () => {
    expect(render()).toContain(`client_max_body_size ${parseInt(largestBody, 10)}k;`);
  });

  it('upgrades to WebSockets on their route alone', () => {
    expect(publicPart(render()).match(/\$connection_upgrade/g)).toHaveLength(1);
  });
});
