import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestApi } from '../../test-support/api.ts';
import { TestPostgres } from '../../../tests/support/postgres.ts';

let postgres: TestPostgres;
let api: TestApi;
beforeAll(async () => {
  postgres = await TestPostgres.start();
  api = await TestApi.start(await postgres.createDatabase(), {
    TRUST_PROXY_HOPS: '1',
    AUTH_RATE_LIMIT_PER_MINUTE: '3',
  });
});
afterAll(async () => {
  await api?.stop();
  await postgres?.stop();
});

let guesses = 0;
/** One sign-in for an address of its own, so that only the limit by client counts. */
const signIn = async (forwardedFor: string): Promise<number> =>
  (
    await api.call('POST', '/api/login', {
      body: { email: `nobody${guesses++}@example.com`, password: 'a guess' },
      headers: { 'x-forwarded-for': forwardedFor },
    })
  ).status;

test('a client cannot choose its address: only what the trusted proxy added counts', async () => {
  const statuses: number[] = [];
  for (let i = 0; i < 5; i++) statuses.push(await signIn(`198.51.100.${i}, 203.0.113.9`));
  expect(statuses).toEqual([401, 401, 401, 429, 429]);
  expect(await signIn('203.0.113.9, 203.0.113.10')).toBe(401);
});
