import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestApi } from '../../test-support/api.ts';
import { TestPostgres } from '../../../tests/support/postgres.ts';

let postgres: TestPostgres;
let api: TestApi;
const lines: string[] = [];
beforeAll(async () => {
  postgres = await TestPostgres.start();
  const log = pino(
    { level: 'info' },
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(...chunk.toString().trim().split('\n'));
        done();
      },
    }),
  );
  api = await TestApi.start(
    await postgres.createDatabase(),
    { TRUST_PROXY_HOPS: '1' },
    undefined,
    log,
  );
});
afterAll(async () => {
  await api?.stop();
  await postgres?.stop();
});

const call = (path: string, body: object, id: string) =>
  api.call<Record<string, string>>('POST', path, {
    body,
    headers: { 'x-forwarded-for': '203.0.113.7', 'x-request-id': id, 'user-agent': id },
  });
const entries = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

test('who came in, was refused and left is in the log, with the client and the request, without a secret', async () => {
  const person = { email: 'ada@example.com', handle: 'ada', password: 'correct horse battery' };
  const { email, password } = person;
  const { body: user } = await call('/api/register', person, 'r1');
  await call('/api/register', person, 'r2');
  await call('/api/login', { email, password: 'a wild guess' }, 'r3');
  await call('/api/login', { email: 'nobody@example.com', password: 'a wild guess' }, 'r4');
  const { body: first } = await call('/api/login', { email, password }, 'r5');
  await call('/api/token/refresh', { refreshToken: first['refreshToken'] }, 'r6');
  await call('/api/token/refresh', { refreshToken: first['refreshToken'] }, 'r7');
  const { body: second } = await call('/api/login', { email, password }, 'r8');
  await call('/api/logout', { refreshToken: second['refreshToken'] }, 'r9');

  const trail = entries()
    .filter((entry) => 'audit' in entry)
    .map((entry) => ({
      what: entry['audit'],
      request: entry['reqId'],
      client: entry['client'],
      user: entry['userId'],
    }));
  const client = '203.0.113.7';
  const id = user['id'];
  expect(trail).toEqual([
    { what: 'account-created', request: 'r1', client, user: id },
    { what: 'account-refused', request: 'r2', client, user: undefined },
    { what: 'sign-in-failed', request: 'r3', client, user: id },
    { what: 'sign-in-failed', request: 'r4', client, user: undefined },
    { what: 'signed-in', request: 'r5', client, user: id },
    { what: 'refresh-token-reused', request: 'r7', client, user: id },
    { what: 'signed-in', request: 'r8', client, user: id },
    { what: 'signed-out', request: 'r9', client, user: id },
  ]);
  const text = lines.join('\n');
  for (const secret of [
    email,
    'nobody@',
    password,
    'a wild guess',
    first['refreshToken'],
    first['accessToken'],
  ])
    expect(text).not.toContain(secret);
});

test('the line of a request tells the client and, once it is proved, the user', async () => {
  const { accessToken } = await api.account();
  await api.call('GET', '/api/users/me', {
    token: accessToken,
    headers: { 'x-forwarded-for': '198.51.100.1, 203.0.113.8', 'x-request-id': 'm1' },
  });
  const line = entries().find(
    (entry) => (entry['req'] as { id?: string } | undefined)?.id === 'm1' && 'res' in entry,
  );
  expect(line).toMatchObject({
    req: { client: '203.0.113.8', path: '/api/users/me' },
    userId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
  });
});
