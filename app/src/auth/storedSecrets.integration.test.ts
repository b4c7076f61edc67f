import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestApi, type Account } from '../../test-support/api.ts';
import { TestPostgres } from '../../../tests/support/postgres.ts';

let postgres: TestPostgres;
let api: TestApi;
beforeAll(async () => {
  postgres = await TestPostgres.start();
  api = await TestApi.start(await postgres.createDatabase(), {
    ACCESS_TOKEN_EXPIRE_MINUTES: '7',
    REFRESH_TOKEN_EXPIRE_DAYS: '3',
  });
});
afterAll(async () => {
  await api?.stop();
  await postgres?.stop();
});

const refresh = (refreshToken: string) =>
  api.call<Account>('POST', '/api/token/refresh', { body: { refreshToken } });

/** Every byte of these tables, as text and as it would look if it were kept encoded. */
async function stored(): Promise<Buffer> {
  const { rows } = await api.pool.query<{ token_hash: Buffer }>(
    'SELECT token_hash FROM refresh_tokens',
  );
  return Buffer.concat(rows.map(({ token_hash }) => token_hash));
}

test('a refresh token is stored in no form that gives it back', async () => {
  const { refreshToken } = await api.account();
  const { body } = await refresh(refreshToken);
  const bytes = await stored();
  expect(bytes.length).toBeGreaterThan(0);
  for (const token of [refreshToken, body.refreshToken]) {
    expect(bytes.includes(Buffer.from(token))).toBe(false);
    expect(bytes.includes(Buffer.from(token, 'base64url'))).toBe(false);
  }
});

test('an expired refresh token is refused, and is no sign of a thief', async () => {
  const { refreshToken, accessToken } = await api.account();
  const { rows } = await api.pool.query<{ session: string }>(
    `UPDATE refresh_tokens t SET expires_at = now() - interval '1 second'
       FROM sessions s JOIN users u ON u.id = s.user_id
      WHERE s.id = t.session_id AND u.id = $1 RETURNING s.id AS session`,
    [subject(accessToken)],
  );
  expect(rows).toHaveLength(1);
  expect(await refresh(refreshToken)).toMatchObject({ status: 401 });
  const { rows: after } = await api.pool.query('SELECT revoked_at FROM sessions WHERE id = $1', [
    rows[0]?.session,
  ]);
  expect(after).toEqual([{ revoked_at: null }]);
});

test('both tokens live as long as the settings say, after a refresh too', async () => {
  const account = await api.account();
  const { body } = await refresh(account.refreshToken);
  for (const { accessToken } of [account, body]) {
    const { iat, exp } = payload(accessToken);
    expect(exp - iat).toBe(7 * 60);
  }
  expect(body).toMatchObject({ expiresIn: 7 * 60 });
  const { rows } = await api.pool.query<{ days: number }>(
    `SELECT extract(epoch FROM expires_at - t.created_at)::float / 86400 AS days
       FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id WHERE s.user_id = $1`,
    [subject(account.accessToken)],
  );
  expect(rows).toHaveLength(2);
  for (const { days } of rows) expect(days).toBeCloseTo(3, 3);
});

function payload(accessToken: string): { sub: string; iat: number; exp: number } {
  const text = Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString();
  return JSON.parse(text) as { sub: string; iat: number; exp: number };
}

const subject = (accessToken: string): string => payload(accessToken).sub;
