import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestApi, type Account } from '../../test-support/api.ts';
import { TestPostgres } from '../../../tests/support/postgres.ts';

let postgres: TestPostgres;
let api: TestApi;
let owner: Account;
let guest: Account;
let id: string;
beforeAll(async () => {
  postgres = await TestPostgres.start();
  api = await TestApi.start(await postgres.createDatabase());
  [owner, guest] = [await api.account(), await api.account()];
  id = await api.conversation(owner.accessToken);
  await api.pool.query(
    `INSERT INTO conversation_members (conversation_id, user_id, role)
     SELECT $1, id, 'member' FROM users WHERE email = $2`,
    [id, guest.email],
  );
});
afterAll(async () => {
  await api?.stop();
  await postgres?.stop();
});

const as = ({ accessToken: token }: Account, method: string, body?: object) =>
  api.call(method, `/api/conversations/${id}`, { token, body });

test('a member who does not own a conversation can read it, and neither rename nor delete it', async () => {
  expect(await as(guest, 'GET')).toMatchObject({ status: 200, body: { id } });
  expect(await as(guest, 'PATCH', { title: 'Mine' })).toMatchObject({ status: 404 });
  expect(await as(guest, 'DELETE')).toMatchObject({ status: 404 });
  expect((await as(owner, 'GET')).body['title']).not.toBe('Mine');
});

test("a member's key finds the member's own message, and none after the member has left", async () => {
  const post = ({ accessToken: token }: Account, content: string) =>
    api.call('POST', `/api/conversations/${id}/messages`, {
      token,
      body: { content },
      headers: { 'idempotency-key': 'k1' },
    });
  expect(await post(owner, 'from the owner')).toMatchObject({ status: 201 });
  expect(await post(guest, 'from the guest')).toMatchObject({
    status: 201,
    body: { message: { content: 'from the guest' } },
  });
  await api.pool.query(
    `DELETE FROM conversation_members WHERE conversation_id = $1 AND role = 'member'`,
    [id],
  );
  expect(await post(guest, 'from the guest')).toMatchObject({ status: 404 });
});
