import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestApi, type Account } from '../../test-support/api.ts';
import { TestPostgres } from '../../../tests/support/postgres.ts';

let postgres: TestPostgres;
let api: TestApi;
beforeAll(async () => {
  postgres = await TestPostgres.start();
  api = await TestApi.start(await postgres.createDatabase(), { DATABASE_POOL_MAX: '4' });
});
afterAll(async () => {
  await api?.stop();
  await postgres?.stop();
});

/** One call of each kind; side by side, so that every connection of the pool has run some. */
async function everything({ email, password, refreshToken, accessToken: token }: Account) {
  const conversation = await api.conversation(token);
  const path = `/api/conversations/${conversation}`;
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => [
      api.call('POST', '/api/login', { body: { email, password } }),
      api.call('GET', '/api/users/me', { token }),
      api.call('PATCH', '/api/users/me', { token, body: { displayName: 'Ada' } }),
      api.call('GET', '/api/models', { token }),
      api.call('GET', '/api/conversations', { token }),
      api.call('PATCH', path, { token, body: { title: 'Plans' } }),
      api.call('POST', `${path}/messages`, { token, body: { content: 'hello' } }),
      api.call('GET', `${path}/messages`, { token }),
    ]).flat(),
  );
  const refreshed = await api.call('POST', '/api/token/refresh', { body: { refreshToken } });
  return [...answers, refreshed].map(({ status }) => status).filter((status) => status >= 300);
}

test.each([
  'ALTER TABLE users ALTER COLUMN role TYPE varchar(16)',
  'ALTER TABLE messages ALTER COLUMN content TYPE varchar',
  'ALTER TABLE conversations ALTER COLUMN title TYPE varchar(200)',
  'ALTER TABLE messages ADD COLUMN topic text',
  'ALTER TABLE conversations ALTER COLUMN last_seq TYPE numeric',
])('no request fails after %s beside the running process', async (change) => {
  const [before, after] = [await api.account(), await api.account()];
  expect(await everything(before)).toEqual([]);
  await postgres.query(change, api.ownerUrl);
  expect(await everything(after)).toEqual([]);
});
