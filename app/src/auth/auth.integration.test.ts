import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { baseImages } from '../../../infra/docker-engine/baseImages.ts';
import { TestApi, type Account } from '../../test-support/api.ts';
import {
  eventually,
  startContainer,
  type TestContainer,
} from '../../../tests/support/containers.ts';
import { SessionRepository } from './sessionRepository.ts';
import { TestPostgres } from '../../../tests/support/postgres.ts';

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

const refresh = (refreshToken: string, client = 'a browser') =>
  api.call<Account>('POST', '/api/token/refresh', {
    body: { refreshToken },
    headers: { 'user-agent': client },
  });
const me = async (token: string) => (await api.call('GET', '/api/users/me', { token })).status;

describe('registering', () => {
  test('returns the account without anything secret', async () => {
    const body = { email: 'Ada@Example.com', handle: 'ada', password: 'correct horse battery' };
    const { status, body: user } = await api.call('POST', '/api/register', { body });
    expect(status).toBe(201);
    expect(user).toMatchObject({
      email: 'Ada@Example.com',
      handle: 'ada',
      displayName: 'ada',
      role: 'member',
      preferences: {},
    });
    expect(JSON.stringify(user)).not.toMatch(/hash|argon|correct horse/);
  });

  test('twice with one address, whatever its case, or with one handle is a 409 of one shape', async () => {
    const first = await api.call('POST', '/api/register', {
      body: { email: 'ADA@example.com', handle: 'ada2', password: 'correct horse' },
    });
    const second = await api.call('POST', '/api/register', {
      body: { email: 'x@example.com', handle: 'ada', password: 'correct horse' },
    });
    expect([first.status, second.status]).toEqual([409, 409]);
    expect(first.body['detail']).toBe(second.body['detail']);
  });

  test.each(['role', 'id', 'userId', 'createdAt', '__proto__'])(
    'refuses the extra field %s',
    async (field) => {
      const body = `{"email":"m@example.com","handle":"mallory","password":"correct horse","${field}":"admin"}`;
      expect(await api.call('POST', '/api/register', { body })).toMatchObject({ status: 400 });
    },
  );
});

describe('signing in', () => {
  test('needs no exact case of the address, and an unknown address looks like a wrong password', async () => {
    const account = await api.account();
    const login = (email: string, password: string) =>
      api.call('POST', '/api/login', { body: { email, password } });
    expect(await login(account.email.toUpperCase(), account.password)).toMatchObject({
      status: 200,
    });
    const wrong = await login(account.email, 'wrong password');
    const unknown = await login('nobody@example.com', 'wrong password');
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    expect(wrong.body['detail']).toBe(unknown.body['detail']);
  });

  test('takes as long for an unknown address as for a wrong password', async () => {
    const { email } = await api.account();
    const fastest = { known: Infinity, unknown: Infinity };
    // Turn about, and the fastest of each: what else the machine does then weighs on both alike.
    for (let i = 0; i < 8; i++) {
      for (const [who, address] of [
        ['known', email],
        ['unknown', 'nobody2@example.com'],
      ] as const) {
        const started = performance.now();
        await api.call('POST', '/api/login', {
          body: { email: address, password: 'wrong password' },
        });
        fastest[who] = Math.min(fastest[who], performance.now() - started);
      }
    }
    expect(fastest.unknown / fastest.known).toBeGreaterThan(0.5);
    expect(fastest.unknown / fastest.known).toBeLessThan(2);
  });

  test('a password of 100,000 bytes costs no hashing', async () => {
    const body = { email: 'a@example.com', password: 'x'.repeat(100_000) };
    const started = performance.now();
    expect((await api.call('POST', '/api/login', { body })).status).toBe(413);
    expect(performance.now() - started).toBeLessThan(500);
  });

  test('guessing one account is stopped with 429 and Retry-After', async () => {
    const { email } = await api.account();
    const statuses: number[] = [];
    let last;
    for (let i = 0; i < 12; i++) {
      last = await api.call('POST', '/api/login', { body: { email, password: `guess ${i}` } });
      statuses.push(last.status);
    }
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401));
    expect(last).toMatchObject({ status: 429, body: { title: 'Too Many Requests' } });
    expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('a refresh token', () => {
  test('is swapped for a new pair', async () => {
    const { refreshToken } = await api.account();
    const { status, body } = await refresh(refreshToken);
    expect(status).toBe(200);
    expect(body.refreshToken).not.toBe(refreshToken);
    expect(await api.call('GET', '/api/users/me', { token: body.accessToken })).toMatchObject({
      status: 200,
    });
  });

  test('that is used twice ends the whole family', async () => {
    const { refreshToken } = await api.account();
    const { body: second } = await refresh(refreshToken);
    const { body: third } = await refresh(second.refreshToken);
    expect(await refresh(refreshToken)).toMatchObject({ status: 401 });
    expect(await refresh(third.refreshToken)).toMatchObject({ status: 401 });
  });

  test('that is used eight times at once by different clients wins once, and the family ends', async () => {
    const { refreshToken } = await api.account();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, client) => refresh(refreshToken, `client ${client}`)),
    );
    const winners = answers.filter(({ status }) => status === 200);
    expect(winners).toHaveLength(1);
    expect(await refresh(winners[0]!.body.refreshToken)).toMatchObject({ status: 401 });
  });

  test('whose answer was lost, or that two tabs use at once, gives the same client another pair', async () => {
    const { refreshToken } = await api.account();
    const [lost, again] = [await refresh(refreshToken), await refresh(refreshToken)];
    expect([lost.status, again.status]).toEqual([200, 200]);
    expect(again.body.refreshToken).not.toBe(lost.body.refreshToken);
    expect(await refresh(again.body.refreshToken)).toMatchObject({ status: 200 });
    // A successor was used: now the first one is a second use.
    expect(await refresh(refreshToken)).toMatchObject({ status: 401 });
  });

  test('that another client repeats at once, or the same one later, ends the family', async () => {
    const stolen = await api.account();
    const { body: next } = await refresh(stolen.refreshToken);
    expect(await refresh(stolen.refreshToken, 'a thief')).toMatchObject({ status: 401 });
    expect(await refresh(next.refreshToken)).toMatchObject({ status: 401 });

    const late = await api.account();
    const { body } = await refresh(late.refreshToken);
    await api.pool.query(`UPDATE refresh_tokens SET used_at = used_at - interval '11 s'`);
    expect(await refresh(late.refreshToken)).toMatchObject({ status: 401 });
    expect(await refresh(body.refreshToken)).toMatchObject({ status: 401 });
  });

  test('cannot keep a session alive for longer than a session may live', async () => {
    const { refreshToken } = await api.account();
    await api.pool.query(`UPDATE sessions SET created_at = now() - interval '89 days 23 hours'`);
    const { body } = await refresh(refreshToken);
    const { rows } = await api.pool.query<{ left: number }>(
      `SELECT round(extract(epoch FROM max(expires_at) - now()) / 3600)::int AS left
         FROM refresh_tokens JOIN sessions ON sessions.id = session_id WHERE sessions.created_at < now() - interval '80 days'
          AND used_at IS NULL AND expires_at < now() + interval '2 hours'`,
    );
    expect(rows).toEqual([{ left: 1 }]);
    await api.pool.query(`UPDATE sessions SET created_at = now() - interval '91 days'`);
    expect(await refresh(body.refreshToken)).toMatchObject({ status: 401 });
  });

  test('that expired is deleted with its session, and no other', async () => {
    const [old, living] = [await api.account(), await api.account()];
    await api.pool.query('UPDATE sessions SET created_at = now()');
    await api.pool.query(
      `UPDATE refresh_tokens SET expires_at = now() - interval '25 hours'
         FROM sessions JOIN users ON users.id = user_id WHERE sessions.id = session_id AND handle = $1`,
      [old.handle],
    );
    const sessions = new SessionRepository(api.pool, { refreshS: 60, sessionS: 60 });
    expect(await sessions.purge()).toEqual({ deleted: 1, more: false });
    const { rows } = await api.pool.query(
      'SELECT 1 FROM sessions JOIN users ON users.id = user_id WHERE handle = $1',
      [old.handle],
    );
    expect(rows).toEqual([]);
    expect(await refresh(living.refreshToken)).toMatchObject({ status: 200 });
  });

  test('is of no use after signing out', async () => {
    const { refreshToken } = await api.account();
    expect(await api.call('POST', '/api/logout', { body: { refreshToken } })).toMatchObject({
      status: 204,
    });
    expect(await refresh(refreshToken)).toMatchObject({ status: 401 });
    expect(await api.call('POST', '/api/logout', { body: { refreshToken } })).toMatchObject({
      status: 204,
    });
  });

  test('is stored as a hash only', async () => {
    const { refreshToken } = await api.account();
    const { rows } = await api.pool.query('SELECT 1 FROM refresh_tokens WHERE token_hash = $1', [
      Buffer.from(refreshToken, 'base64url'),
    ]);
    expect(rows).toEqual([]);
  });
});

describe('an access token', () => {
  test('is of no use once its session has ended by signing out', async () => {
    const { accessToken, refreshToken } = await api.account();
    expect(await me(accessToken)).toBe(200);
    await api.call('POST', '/api/logout', { body: { refreshToken } });
    expect(await me(accessToken)).toBe(401);
  });

  test('is of no use once a second use of a refresh token has ended its session', async () => {
    const { accessToken, refreshToken } = await api.account();
    const other = await api.account();
    await refresh(refreshToken);
    await refresh(refreshToken, 'a thief');
    expect(await me(accessToken)).toBe(401);
    expect(await me(other.accessToken)).toBe(200);
  });
});

describe('without a valid access token', () => {
  test.each(['', 'Bearer', 'Bearer x', 'Basic eDp5', `Bearer ${'x'.repeat(8_000)}`])(
    '%s is a 401',
    async (authorization) => {
      const answer = await api.call('GET', '/api/users/me', { headers: { authorization } });
      expect(answer).toMatchObject({ status: 401, body: { title: 'Unauthorized' } });
      expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    },
  );
});

describe('guessing', () => {
  test('from many addresses at one account is stopped, and the owner at home gets in', async () => {
    const limited = await TestApi.start(await postgres.createDatabase(), { TRUST_PROXY_HOPS: '1' });
    try {
      const { email, password } = await limited.account();
      const login = async (address: string, guess: string): Promise<number> =>
        (
          await limited.call('POST', '/api/login', {
            body: { email, password: guess },
            headers: { 'x-forwarded-for': address },
          })
        ).status;
      expect(await login('198.51.100.1', password)).toBe(200);
      const guesses = [];
      for (let i = 0; i < 60; i++) guesses.push(await login(`203.0.113.${i}`, 'a guess'));
      expect(guesses.filter((status) => status === 401)).toHaveLength(50);
      expect(await login('203.0.113.99', password)).toBe(429);
      expect(await login('198.51.100.1', password)).toBe(200);
    } finally {
      await limited.stop();
    }
  });

  test('many at once count as many, and the whole /64 of IPv6 as one client', async () => {
    const limited = await TestApi.start(await postgres.createDatabase(), { TRUST_PROXY_HOPS: '1' });
    try {
      const { email } = await limited.account();
      const guesses = await Promise.all(
        Array.from({ length: 25 }, (_, i) =>
          limited.call('POST', '/api/login', {
            body: { email, password: `guess ${i}` },
            headers: { 'x-forwarded-for': `2001:db8:0:1::${i + 1}` },
          }),
        ),
      );
      expect(guesses.filter(({ status }) => status === 401)).toHaveLength(10);
    } finally {
      await limited.stop();
    }
  });
});

test('messages of one person are limited, and of nobody else', async () => {
  const limited = await TestApi.start(await postgres.createDatabase(), {
    MESSAGE_RATE_LIMIT_PER_MINUTE: '3',
  });
  try {
    const [ada, bob] = [await limited.account(), await limited.account()];
    const post = async ({ accessToken }: Account) => {
      const id = await limited.conversation(accessToken);
      return limited.call('POST', `/api/conversations/${id}/messages`, {
        token: accessToken,
        body: { content: 'hello' },
      });
    };
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await post(ada)).status);
    expect(statuses).toEqual([201, 201, 201, 429]);
    expect((await post(ada)).headers.get('retry-after')).toMatch(/^\d+$/);
    expect((await post(bob)).status).toBe(201);
  } finally {
    await limited.stop();
  }
});

test('a bare instance believes no X-Forwarded-For', async () => {
  const bare = await TestApi.start(await postgres.createDatabase(), {
    AUTH_RATE_LIMIT_PER_MINUTE: '3',
  });
  try {
    const statuses = [];
    for (let i = 0; i < 4; i++)
      statuses.push(
        (
          await bare.call('POST', '/api/login', {
            body: { email: `a${i}@example.com`, password: 'a guess' },
            headers: { 'x-forwarded-for': `203.0.113.${i}` },
          })
        ).status,
      );
    expect(statuses).toEqual([401, 401, 401, 429]);
  } finally {
    await bare.stop();
  }
});

describe('rate limits in Valkey', () => {
  let valkey: TestContainer;
  let cache: Redis;
  beforeAll(async () => {
    const command = ['valkey-server', '--save', '', '--protected-mode', 'no'];
    valkey = await startContainer(baseImages.valkey, 6379, { command, user: 'valkey' });
    cache = new Redis({
      host: '127.0.0.1',
      port: valkey.port,
      maxRetriesPerRequest: 0,
      commandTimeout: 500,
      enableOfflineQueue: false,
    });
    cache.on('error', () => {});
    await eventually(() => cache.ping());
  });
  afterAll(async () => {
    cache?.disconnect();
    await valkey?.remove();
  });

  test('an access token of a session that another instance ended is refused', async () => {
    const url = await postgres.createDatabase();
    const instances = [await TestApi.start(url, {}, cache), await TestApi.start(url, {}, cache)];
    const { accessToken, refreshToken } = await instances[0]!.account();
    const ask = async () =>
      (await instances[1]!.call('GET', '/api/users/me', { token: accessToken })).status;
    expect(await ask()).toBe(200);
    await instances[0]!.call('POST', '/api/logout', { body: { refreshToken } });
    expect(await ask()).toBe(401);
    await Promise.all(instances.map((one) => one.stop()));
  });

  test('are counted over all instances, and in the process while Valkey is away', async () => {
    await cache.flushall();
    const url = await postgres.createDatabase();
    const limited = { AUTH_RATE_LIMIT_PER_MINUTE: '3' };
    const instances = [
      await TestApi.start(url, limited, cache),
      await TestApi.start(url, limited, cache),
    ];
    const attempt = async (i: number): Promise<number> =>
      (
        await instances[i % 2]!.call('POST', '/api/login', {
          body: { email: 'a@example.com', password: 'guess' },
        })
      ).status;
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push(await attempt(i));
    expect(statuses).toEqual([401, 401, 401, 429, 429]);

    await valkey.container.stop({ t: 0 });
    const alone: number[] = [];
    for (let i = 0; i < 5; i++) alone.push(await attempt(0));
    expect(alone).toEqual([401, 401, 401, 429, 429]);
    await Promise.all(instances.map((instance) => instance.stop()));
  });
});
