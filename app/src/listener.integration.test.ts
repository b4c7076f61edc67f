import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestApi } from '../test-support/api.ts';
import { TestPostgres } from '../../tests/support/postgres.ts';

let postgres: TestPostgres;
let api: TestApi;
beforeAll(async () => {
  postgres = await TestPostgres.start();
  api = await TestApi.start(await postgres.createDatabase());
});
afterAll(async () => {
  await api?.stop();
  await postgres?.stop();
});

const open = (own = api): Socket =>
  connect(Number(new URL(own.url).port), '127.0.0.1').on('error', () => undefined);

/** Sends raw bytes and returns all that comes back until the server closes, or for two seconds. */
async function raw(text: string): Promise<string> {
  const socket = open();
  let answer = '';
  socket.on('data', (piece) => (answer += piece.toString()));
  socket.write(text);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await Promise.race([closed, sleep(2_000)]);
  socket.destroy();
  return answer;
}

const close = 'Host: a\r\nConnection: close\r\n';

describe('what never becomes a request of the application is a problem with a request id', () => {
  test.each([
    ['no HTTP', 'hello\r\n\r\n', 501],
    ['a broken header', `GET / HTTP/1.1\r\nbad header\r\n\r\n`, 400],
    [
      'headers that are too long',
      `GET / HTTP/1.1\r\n${close}X: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
    ],
    ['an unknown method', `FROB / HTTP/1.1\r\n${close}\r\n`, 501],
    ['an unknown version', `GET / HTTP/7.3\r\n${close}\r\n`, 505],
    ['CONNECT', `CONNECT a:443 HTTP/1.1\r\n${close}\r\n`, 501],
    ['no Host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['an Expect nobody can meet', `GET / HTTP/1.1\r\n${close}Expect: tea\r\n\r\n`, 417],
    [
      'a broken chunk',
      `POST /api/login HTTP/1.1\r\n${close}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
      400,
    ],
  ])('%s', async (_name, request, status) => {
    const answer = await raw(request);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain('application/problem+json');
    const id = /x-request-id: (\S+)/i.exec(answer)?.[1];
    expect(answer).toContain(`"requestId":"${id}"`);
  });
});

test('HTTP/1.0 needs no Host', async () => {
  expect(await raw('GET /health HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /);
});

describe('a request to upgrade', () => {
  test.each([
    ['to a WebSocket', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'],
    [
      'to h2c',
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n',
    ],
  ])('%s is answered at once, as a plain one', async (_name, headers) => {
    expect(await raw(`GET /ws HTTP/1.1\r\nHost: a\r\n${headers}\r\n`)).toMatch(/^HTTP\/1.1 404 /);
    expect(await raw(`GET /health HTTP/1.1\r\nHost: a\r\n${headers}\r\n`)).toMatch(/ 200 /);
  });
});

test('a stop ends within its time, whatever clients hold open', async () => {
  const own = await TestApi.start(await postgres.createDatabase());
  const held = [
    '',
    'GET /hea',
    'GET /health HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /health HTTP/1.1\r\nHost: a\r\n\r\nGET /hea',
    'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
    'hello\r\n\r\n',
    'POST /api/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{',
    'POST /api/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 90\r\nExpect: 100-continue\r\n\r\n',
    'GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(200),
  ].map((text) => {
    const socket = open(own);
    socket.pause().write(text);
    return socket;
  });
  await sleep(200);
  const started = performance.now();
  await own.lifecycle.drain(own.server, 1_500, pino({ level: 'silent' }));
  expect(performance.now() - started).toBeLessThan(2_500);
  expect(
    await new Promise((resolve) => own.server.getConnections((_e, count) => resolve(count))),
  ).toBe(0);
  for (const socket of held) socket.destroy();
  await own.pool.end();
});
