import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestApi, type Account } from '../../test-support/api.ts';
import { MessageRepository } from '../messages/repository.ts';
import { TestPostgres } from '../../../tests/support/postgres.ts';

interface Page {
  items: { id: string; seq: number; title: string; content: string; active: boolean }[];
  next: string | null;
}
interface Exchange {
  message: { id: string; seq: number; content: string };
  answer: {
    id: string;
    seq: number;
    content: string;
    status: string;
    modelId: string;
    replyTo: string;
  };
}

let postgres: TestPostgres;
let api: TestApi;
let ada: Account;
let bob: Account;
let token: string;
beforeAll(async () => {
  postgres = await TestPostgres.start();
  api = await TestApi.start(await postgres.createDatabase());
  [ada, bob] = [await api.account(), await api.account()];
  token = ada.accessToken;
});
afterAll(async () => {
  await api?.stop();
  await postgres?.stop();
});

const post = (id: string, content: string, key?: string) =>
  api.call<Exchange>('POST', `/api/conversations/${id}/messages`, {
    token,
    body: { content },
    ...(key && { headers: { 'idempotency-key': key } }),
  });
const page = (path: string) => api.call<Page>('GET', path, { token });

async function allPages(path: string, limit: number): Promise<Page['items']> {
  const items: Page['items'] = [];
  let next: string | null = null;
  do {
    const { body }: { body: Page } = await page(
      `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${next ? `&cursor=${next}` : ''}`,
    );
    items.push(...body.items);
    next = body.next;
  } while (next);
  return items;
}

test('a conversation from start to end', async () => {
  const id = await api.conversation(token);
  const { status, body } = await post(id, 'hello ✓ 😀');
  expect(status).toBe(201);
  expect(body.message).toMatchObject({ seq: 1, content: 'hello ✓ 😀' });
  expect(body.answer).toMatchObject({
    seq: 2,
    status: 'complete',
    modelId: 'slipway-guide',
    replyTo: body.message.id,
  });
  expect(
    (await page(`/api/conversations/${id}/messages`)).body.items.map(({ seq }) => seq),
  ).toEqual([2, 1]);
  const renamed = await api.call('PATCH', `/api/conversations/${id}`, {
    token,
    body: { title: 'Renamed' },
  });
  expect(renamed).toMatchObject({ status: 200, body: { id, title: 'Renamed' } });
  expect(await api.call('DELETE', `/api/conversations/${id}`, { token })).toMatchObject({
    status: 204,
  });
  expect(await api.call('GET', `/api/conversations/${id}`, { token })).toMatchObject({
    status: 404,
  });
});

test('the model that was switched to answers in new conversations', async () => {
  const { accessToken } = await api.account();
  const switched = await api.call('POST', '/api/models/switch', {
    token: accessToken,
    body: { modelId: 'slipway-echo' },
  });
  expect(switched).toMatchObject({ status: 200, body: { id: 'slipway-echo', active: true } });
  const { body: models } = await api.call<Page>('GET', '/api/models', { token: accessToken });
  expect(models.items.filter(({ active }) => active).map(({ id }) => id)).toEqual(['slipway-echo']);
  const { body } = await api.call('POST', '/api/conversations', { token: accessToken, body: {} });
  expect(body['modelId']).toBe('slipway-echo');
  expect(
    await api.call('POST', '/api/models/switch', { token, body: { modelId: 'nosuch' } }),
  ).toMatchObject({
    status: 404,
  });
  expect(
    await api.call('POST', '/api/conversations', { token, body: { modelId: 'nosuch' } }),
  ).toMatchObject({
    status: 400,
  });
});

describe('pages', () => {
  test('walk every conversation once, newest first', async () => {
    const { accessToken } = await api.account();
    const made: string[] = [];
    for (let i = 0; i < 7; i++) made.unshift(await api.conversation(accessToken));
    const previous = token;
    token = accessToken;
    try {
      expect((await allPages('/api/conversations', 3)).map(({ id }) => id)).toEqual(made);
      expect((await allPages('/api/conversations', 7)).map(({ id }) => id)).toEqual(made);
    } finally {
      token = previous;
    }
  });

  test('walk every message once, in both directions', async () => {
    const id = await api.conversation(token);
    for (let i = 0; i < 4; i++) await post(id, `message ${i}`);
    const seqs = [1, 2, 3, 4, 5, 6, 7, 8];
    expect(
      (await allPages(`/api/conversations/${id}/messages?order=asc`, 3)).map(({ seq }) => seq),
    ).toEqual(seqs);
    expect((await allPages(`/api/conversations/${id}/messages`, 3)).map(({ seq }) => seq)).toEqual(
      seqs.toReversed(),
    );
  });

  test.each([
    '0',
    '-1',
    '1.5',
    '101',
    '1000000000',
    '9223372036854775808',
    'NaN',
    '1e2',
    '',
    ' 5',
    '0x10',
  ])('limit=%s is a 400', async (limit) => {
    expect(await page(`/api/conversations?limit=${encodeURIComponent(limit)}`)).toMatchObject({
      status: 400,
    });
  });

  test('a repeated or unknown query parameter is a 400', async () => {
    expect(await page('/api/conversations?limit=1&limit=2')).toMatchObject({ status: 400 });
    expect(await page('/api/conversations?offset=5')).toMatchObject({ status: 400 });
  });

  test('a cursor of another conversation, and one that was made up, is a 400', async () => {
    const [one, two] = [await api.conversation(token), await api.conversation(token)];
    await post(one, 'hello');
    const { body } = await page(`/api/conversations/${one}/messages?limit=1`);
    expect(body.next).toBeTruthy();
    expect(await page(`/api/conversations/${two}/messages?cursor=${body.next}`)).toMatchObject({
      status: 400,
    });
    for (const cursor of ['-1', '9223372036854775808', 'AAAA', '%00', 'x'.repeat(600)]) {
      expect(await page(`/api/conversations/${one}/messages?cursor=${cursor}`)).toMatchObject({
        status: 400,
      });
    }
  });
});

describe("somebody else's conversation", () => {
  test('is a 404 for reading, writing, changing and deleting, and stays as it was', async () => {
    const id = await api.conversation(bob.accessToken);
    const path = `/api/conversations/${id}`;
    const attempts = [
      api.call('GET', path, { token }),
      api.call('PATCH', path, { token, body: { title: 'Mine' } }),
      api.call('DELETE', path, { token }),
      api.call('GET', `${path}/messages`, { token }),
      api.call('POST', `${path}/messages`, { token, body: { content: 'hi' } }),
      api.call('POST', `${path}/messages`, {
        token,
        body: { content: 'hi' },
        headers: { 'idempotency-key': 'k' },
      }),
    ];
    expect((await Promise.all(attempts)).map(({ status }) => status)).toEqual(Array(6).fill(404));
    const { body } = await api.call('GET', path, { token: bob.accessToken });
    expect(body).toMatchObject({ title: 'New conversation' });
    expect((await page('/api/conversations')).body.items.map((item) => item.id)).not.toContain(id);
  });

  test.each([
    'nonsense',
    '00000000-0000-0000-0000-000000000000',
    '%00',
    "'%20or%201=1",
    '..%2f..%2fetc',
  ])('%s names none', async (id) => {
    expect(await api.call('GET', `/api/conversations/${id}`, { token })).toMatchObject({
      status: 404,
    });
  });
});

describe('an idempotency key', () => {
  const count = async (id: string): Promise<number> =>
    (await allPages(`/api/conversations/${id}/messages`, 100)).length;

  test('makes a repeated request return what the first one stored', async () => {
    const id = await api.conversation(token);
    const [first, second] = [await post(id, 'once', 'k1'), await post(id, 'once', 'k1')];
    expect(second.body).toEqual(first.body);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(await count(id)).toBe(2);
  });

  test('used ten times at once stores one message and one answer', async () => {
    const id = await api.conversation(token);
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(id, 'once', 'k1')));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(201));
    expect(new Set(answers.map(({ body }) => `${body.message.id} ${body.answer.id}`)).size).toBe(1);
    expect(await count(id)).toBe(2);
  });

  test('of a request that died before the answer makes the missing answer', async () => {
    const id = await api.conversation(token);
    await post(id, 'once', 'k1');
    await api.pool.query(
      `WITH answer AS (DELETE FROM messages WHERE conversation_id = $1 AND reply_to IS NOT NULL)
       UPDATE messages SET answering_until = now() - interval '1 s' WHERE conversation_id = $1`,
      [id],
    );
    expect(await post(id, 'once', 'k1')).toMatchObject({
      status: 201,
      body: { answer: { status: 'complete' } },
    });
    expect(await count(id)).toBe(2);
  });

  test('for another message is a 422, and a broken one a 400', async () => {
    const id = await api.conversation(token);
    await post(id, 'one', 'k1');
    expect(await post(id, 'two', 'k1')).toMatchObject({ status: 422 });
    expect(await post(id, 'two', 'x'.repeat(256))).toMatchObject({ status: 400 });
    expect(await count(id)).toBe(2);
  });
});

test('messages written at the same time get numbers without gap or repeat', async () => {
  const id = await api.conversation(token);
  await Promise.all(Array.from({ length: 20 }, (_, i) => post(id, `message ${i}`)));
  const seqs = (await allPages(`/api/conversations/${id}/messages?order=asc`, 100)).map(
    ({ seq }) => seq,
  );
  expect(seqs).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
});

test('a question has one answer: the second of two is dropped, and the first returned', async () => {
  const { body } = await post(await api.conversation(token), 'hello');
  const { rows } = await api.pool.query<{ id: string }>(
    'SELECT conversation_id AS id FROM messages WHERE id = $1',
    [body.message.id],
  );
  const again = await new MessageRepository(api.pool).addAnswer({
    id: randomUUID(),
    conversationId: rows[0]!.id,
    modelId: 'slipway-guide',
    content: 'another',
    status: 'complete',
    replyTo: body.message.id,
  });
  expect(JSON.parse(again!)).toEqual(body.answer);
});

test('a model is given the newest turns up to its question, oldest first', async () => {
  const id = await api.conversation(token);
  for (const content of ['one', 'two', 'three']) await post(id, content);
  const turns = await new MessageRepository(api.pool).history(id, '5', 3);
  expect(turns.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  expect([turns[0]!.content, turns[2]!.content]).toEqual(['two', 'three']);
});

test('a conversation says when it last changed: by a message and by a new title', async () => {
  const id = await api.conversation(token);
  const path = `/api/conversations/${id}`;
  const setBack = () =>
    api.pool.query(`UPDATE conversations SET updated_at = '2020-01-01Z' WHERE id = $1`, [id]);
  const year = async () =>
    String((await api.call('GET', path, { token })).body['updatedAt']).slice(0, 4);
  await setBack();
  await post(id, 'hello');
  expect(await year()).not.toBe('2020');
  await setBack();
  await api.call('PATCH', path, { token, body: { title: 'New' } });
  expect(await year()).not.toBe('2020');
});

test('a model that is switched off or does not exist starts no conversation', async () => {
  await api.pool.query(`UPDATE models SET enabled = false WHERE id = 'slipway-echo'`);
  try {
    for (const modelId of ['slipway-echo', 'nosuch'])
      expect(
        await api.call('POST', '/api/conversations', { token, body: { modelId } }),
      ).toMatchObject({ status: 400 });
  } finally {
    await api.pool.query(`UPDATE models SET enabled = true WHERE id = 'slipway-echo'`);
  }
});

test('a conversation is not changed to a model that does not exist', async () => {
  const path = `/api/conversations/${await api.conversation(token)}`;
  expect(await api.call('PATCH', path, { token, body: { modelId: 'nosuch' } })).toMatchObject({
    status: 400,
    body: { errors: [{ path: ['modelId'] }] },
  });
});

describe('a model that is switched off', () => {
  const off = async (work: () => Promise<void>): Promise<void> => {
    await api.pool.query(`UPDATE models SET enabled = false WHERE id = 'slipway-echo'`);
    try {
      await work();
    } finally {
      await api.pool.query(`UPDATE models SET enabled = true WHERE id = 'slipway-echo'`);
    }
  };

  test('cannot be chosen for a conversation', async () => {
    const path = `/api/conversations/${await api.conversation(token)}`;
    await off(async () => {
      expect(
        await api.call('PATCH', path, { token, body: { modelId: 'slipway-echo' } }),
      ).toMatchObject({ status: 400, body: { errors: [{ path: ['modelId'] }] } });
      expect(await api.call('PATCH', path, { token, body: { title: 'x' } })).toMatchObject({
        status: 200,
      });
    });
  });

  test('answers no more where it was chosen before, and nothing is stored', async () => {
    const id = await api.conversation(token);
    const path = `/api/conversations/${id}`;
    await api.call('PATCH', path, { token, body: { modelId: 'slipway-echo' } });
    await off(async () => {
      const { status, body } = await post(id, 'hello');
      expect(status).toBe(409);
      expect(body).toMatchObject({ detail: expect.stringContaining('slipway-echo') as string });
    });
    expect((await api.call<Page>('GET', `${path}/messages`, { token })).body.items).toEqual([]);
  });
});

describe('numbers that would be stored as others', () => {
  const patch = (text: string) =>
    api.call('PATCH', '/api/users/me', { token, body: `{"preferences":{"a":${text}}}` });

  test.each(['9007199254740993', '-9007199254740993', '1e400', '-1e999', '123456789012345678901'])(
    '%s is refused',
    async (number) => {
      expect(await patch(number)).toMatchObject({
        status: 400,
        body: { detail: `The number ${number} cannot be kept exactly. Send it as text.` },
      });
    },
  );

  test.each(['9007199254740991', '9007199254740992', '0.1', '-0', '1e3', '1e22'])(
    '%s is kept',
    async (number) => {
      expect(await patch(number)).toMatchObject({
        status: 200,
        body: { preferences: { a: Number(number) + 0 } },
      });
    },
  );
});
