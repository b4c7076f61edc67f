import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestApi } from '../test-support/api.ts';
import { eventually } from '../../tests/support/containers.ts';
import { TestPostgres } from '../../tests/support/postgres.ts';

let postgres: TestPostgres;
let api: TestApi;
let token: string;
beforeAll(async () => {
  postgres = await TestPostgres.start();
  api = await TestApi.start(await postgres.createDatabase(), {
    DATABASE_POOL_MAX: '4',
    DATABASE_POOL_TIMEOUT_MS: '500',
    DATABASE_STATEMENT_TIMEOUT_MS: '1500',
    CORS_ORIGINS: 'https://chat.example.com',
  });
  token = (await api.account()).accessToken;
});
afterAll(async () => {
  await api?.stop();
  await postgres?.stop();
});

const patchMe = (body: unknown, headers?: Record<string, string>) =>
  api.call('PATCH', '/api/users/me', { token, body, ...(headers && { headers }) });

describe('every answer', () => {
  test('carries a request id: a sane one is kept, another replaced', async () => {
    const kept = await api.call('GET', '/health', { headers: { 'x-request-id': 'trace-1' } });
    expect(kept.headers.get('x-request-id')).toBe('trace-1');
    const replaced = await api.call('GET', '/health', {
      headers: { 'x-request-id': 'x"}{'.repeat(50) },
    });
    expect(replaced.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('that is an error is problem details with the request id', async () => {
    const { headers, body } = await api.call('GET', '/nosuch');
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(body).toMatchObject({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      requestId: headers.get('x-request-id'),
    });
  });

  test('has security headers and names no software', async () => {
    const { headers } = await api.call('GET', '/');
    expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-powered-by')).toBeNull();
  });

  test('allows only the origins of the settings', async () => {
    const origin = async (value: string) =>
      (await api.call('GET', '/api/models', { token, headers: { origin: value } })).headers.get(
        'access-control-allow-origin',
      );
    expect(await origin('https://chat.example.com')).toBe('https://chat.example.com');
    expect(await origin('https://evil.example.com')).toBeNull();
  });

  test('to a method that a route lacks is a 405 that lists the others', async () => {
    const { status, headers } = await api.call('PUT', '/api/conversations', { token });
    expect([status, headers.get('allow')]).toEqual([405, 'GET, POST']);
  });
});

describe('the pages around the API', () => {
  test.each([
    ['/', 'text/html'],
    ['/assets/style.css', 'text/css'],
    ['/docs', 'text/html'],
    ['/docs/swagger-ui-bundle.js', 'javascript'],
    ['/docs/start.js', 'javascript'],
    ['/openapi.json', 'application/json'],
    ['/metrics', 'text/plain'],
  ])('%s is served as %s', async (path, type) => {
    const { status, headers } = await api.call('GET', path);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toContain(type);
  });

  test('have no inline script, which the content policy would refuse', async () => {
    for (const path of ['/', '/docs']) {
      const { body } = await api.call<string>('GET', path);
      expect(body).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|<style/);
      expect(body).not.toMatch(/(src|href)="(https?:)?\/\//);
    }
  });

  test('metrics count requests by route pattern, not by path', async () => {
    await api.call('GET', '/api/conversations/01234567-89ab-cdef-0123-456789abcdef', { token });
    const { body } = await api.call<string>('GET', '/metrics');
    expect(body).toContain('route="/api/conversations/:id",status="404"');
    expect(body).not.toContain('01234567-89ab');
  });
});

describe('a bad body', () => {
  test.each<[string, string, number]>([
    ['broken JSON', '{"displayName":', 400],
    ['no object', '"text"', 400],
    ['an array', '[]', 400],
    ['nothing to change', '{}', 400],
    ['NUL', '{"displayName":"a\\u0000b"}', 400],
    ['a lone surrogate', '{"displayName":"\\ud800"}', 400],
    ['NUL in a key', '{"preferences":{"a\\u0000":1}}', 400],
    ['a nested preference', '{"preferences":{"a":{"b":1}}}', 400],
    ['__proto__', '{"displayName":"x","__proto__":{"role":"admin"}}', 400],
    ['a role', '{"displayName":"x","role":"admin"}', 400],
    ['100,000 levels', `{"preferences":${'['.repeat(30_000)}${']'.repeat(30_000)}}`, 400],
    ['more than the limit', `{"displayName":"${'x'.repeat(10_000_000)}"}`, 413],
  ])('with %s is refused', async (_what, body, status) => {
    expect(await patchMe(body)).toMatchObject({ status, body: { status } });
  });

  test.each(['text/plain', 'application/xml', 'application/x-www-form-urlencoded', ''])(
    'of type "%s" is a 415',
    async (type) => {
      expect(await patchMe('{"displayName":"x"}', { 'content-type': type })).toMatchObject({
        status: 415,
      });
    },
  );

  test.each<[string, Buffer, string]>([
    ['Latin-1 bytes', Buffer.from('{"displayName":"caf\xe9"}', 'latin1'), 'application/json'],
    ['half a character', Buffer.from('{"displayName":"caf\xc3"}', 'latin1'), 'application/json'],
    ['an overlong form', Buffer.from('{"displayName":"\xc0\xaf"}', 'latin1'), 'application/json'],
    ['UTF-16', Buffer.from('\ufeff{"displayName":"café"}', 'utf16le'), 'application/json'],
    [
      'UTF-16 that says so',
      Buffer.from('{"displayName":"café"}', 'utf16le'),
      'application/json; charset=utf-16le',
    ],
    [
      'another charset',
      Buffer.from('{"displayName":"caf\xe9"}', 'latin1'),
      'application/json; charset=iso-8859-1',
    ],
  ])('that is %s and not UTF-8 is a 415', async (_what, body, type) => {
    const { status } = await fetch(`${api.url}/api/users/me`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${token}`, 'content-type': type },
      body,
    });
    expect(status).toBe(415);
  });

  test('says which field is wrong and why', async () => {
    const { body } = await patchMe({ displayName: '' });
    expect(body['errors']).toEqual([
      { path: ['displayName'], message: expect.any(String) as string },
    ]);
  });

  test('with __proto__ among the preferences loses it', async () => {
    expect(await patchMe('{"preferences":{"__proto__":{"role":"admin"}}}')).toMatchObject({
      status: 200,
      body: { preferences: {} },
    });
  });

  test('did not change anything', async () => {
    expect(({} as Record<string, unknown>)['role']).toBeUndefined();
    expect((await api.call('GET', '/api/users/me', { token })).body).toMatchObject({
      role: 'member',
      preferences: {},
    });
  });
});

describe('a slow or lost database', () => {
  test('with every connection taken means a quick 503, then all is well again', async () => {
    const slow = Array.from({ length: 4 }, () => api.pool.query('SELECT pg_sleep(1.2)'));
    await sleep(50);
    const started = performance.now();
    const { status, headers } = await api.call('GET', '/api/users/me', { token });
    expect(status).toBe(503);
    expect(headers.get('retry-after')).toBe('1');
    expect(performance.now() - started).toBeLessThan(1_000);
    await Promise.all(slow);
    expect(await api.call('GET', '/api/users/me', { token })).toMatchObject({ status: 200 });
  });

  test('a statement past its timeout is broken off', async () => {
    await expect(api.pool.query('SELECT pg_sleep(10)')).rejects.toMatchObject({ code: '57014' });
  });

  test('killed under load means 503, readiness fails, liveness stays, and all is back within 2 s of its return', async ({
    skip,
  }) => {
    skip(!postgres.container, 'the server is not ours to stop');
    const { container } = postgres.container!;
    const statuses = new Set<number>();
    let running = true;
    const load = Array.from({ length: 8 }, async () => {
      while (running) {
        const started = performance.now();
        statuses.add((await api.call('GET', '/api/users/me', { token })).status);
        expect(performance.now() - started).toBeLessThan(3_500);
      }
    });
    await sleep(200);
    await container.kill();
    await sleep(700);
    expect(await api.call('GET', '/health')).toMatchObject({ status: 200 });
    expect(await api.call('GET', '/health/ready')).toMatchObject({
      status: 503,
      body: { checks: { database: 'failed' } },
    });
    await container.start();
    await eventually(() => postgres.query('SELECT 1'));
    const back = Date.now();
    await eventually(
      async () => expect((await api.call('GET', '/health/ready')).status).toBe(200),
      5_000,
    );
    expect(Date.now() - back).toBeLessThan(2_000);
    running = false;
    await Promise.all(load);
    expect([...statuses].sort()).toEqual([200, 503]);
  });

  test('without its migrations is not ready, and says which are missing', async () => {
    const [row] = await postgres.query(
      "DELETE FROM slipway_migrations WHERE name = '0004_messages' RETURNING row_to_json(slipway_migrations)::text AS json",
      api.ownerUrl,
    );
    expect(await api.call('GET', '/health/ready')).toMatchObject({
      status: 503,
      body: { pending: ['0004_messages'], checks: { schema: 'failed' } },
    });
    await postgres.query(
      `INSERT INTO slipway_migrations SELECT * FROM json_populate_record(NULL::slipway_migrations, '${String(row?.['json'])}')`,
      api.ownerUrl,
    );
    expect(await api.call('GET', '/health/ready')).toMatchObject({ status: 200 });
  });
});

describe('shutting down', () => {
  test('finishes requests in flight, refuses new connections and loses no message', async () => {
    const own = await TestApi.start(await postgres.createDatabase());
    const { accessToken } = await own.account();
    const id = await own.conversation(accessToken);
    const { rows } = await own.pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    expect(rows).toHaveLength(1);
    // Holds the conversation's row, so that the request is in flight while the drain begins.
    const blocker = await own.pool.connect();
    await blocker.query('BEGIN');
    await blocker.query('SELECT 1 FROM conversations WHERE id = $1 FOR UPDATE', [id]);
    const inFlight = own.call('POST', `/api/conversations/${id}/messages`, {
      token: accessToken,
      body: { content: 'hello' },
    });
    await sleep(100);
    const drained = own.lifecycle.drain(own.server, 5_000, pino({ level: 'silent' }));
    await sleep(50);
    const refused = new Promise((resolve) => {
      connect(Number(new URL(own.url).port), '127.0.0.1')
        .once('connect', () => resolve(false))
        .once('error', () => resolve(true));
    });
    expect(await refused).toBe(true);
    await blocker.query('COMMIT');
    blocker.release();
    const { status, headers } = await inFlight;
    expect([status, headers.get('connection')]).toEqual([201, 'close']);
    expect(await drained).toBe(true);
    const { rows: stored } = await own.pool.query('SELECT 1 FROM messages');
    expect(stored).toHaveLength(2);
    await own.pool.end();
  });

  test('breaks off at its deadline what does not finish', async () => {
    const own = await TestApi.start(await postgres.createDatabase());
    const { accessToken } = await own.account();
    const id = await own.conversation(accessToken);
    const blocker = await own.pool.connect();
    await blocker.query('BEGIN');
    await blocker.query('SELECT 1 FROM conversations WHERE id = $1 FOR UPDATE', [id]);
    const inFlight = own
      .call('PATCH', `/api/conversations/${id}`, { token: accessToken, body: { title: 'x' } })
      .catch(() => 'broken off');
    await sleep(100);
    const started = performance.now();
    expect(await own.lifecycle.drain(own.server, 300, pino({ level: 'silent' }))).toBe(false);
    expect(performance.now() - started).toBeLessThan(1_500);
    expect(await inFlight).toBe('broken off');
    blocker.release(true);
    await own.pool.end();
  });
});
