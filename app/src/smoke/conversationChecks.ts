import type * as z from 'zod';
import { conversation } from '../conversations/schema.ts';
import { pageOf } from '../http/schema.ts';
import { exchange, message } from '../messages/schema.ts';
import type { SmokeCheck, SmokeSession } from './smokeSession.ts';

/** Ada's conversations and messages. Bob may see none of them. */
export const conversationChecks: SmokeCheck[] = [
  {
    name: 'a conversation is started',
    run: async (s) => {
      const { id, title, modelId, role } = await start(s, 'First');
      s.conversationId = id;
      s.same('title, model and role', ['First', s.modelId, 'owner'], [title, modelId, role]);
    },
  },
  {
    name: 'a conversation with an unknown model is a 400 problem',
    run: async (s) => {
      const request = { token: s.tokenOf(s.ada), body: { modelId: 'no-such-model' } };
      await s.refused(400, 'POST', '/api/conversations', request);
    },
  },
  {
    name: 'a conversation is read',
    run: async (s) => {
      const { body } = await s.ask(
        'GET',
        pathOf(s),
        { status: 200, shape: conversation },
        { token: s.tokenOf(s.ada) },
      );
      s.same('id and title', [s.conversationId, 'First'], [body.id, body.title]);
    },
  },
  {
    name: 'conversations are listed page by page',
    run: async (s) => {
      const first = s.need(s.conversationId, 'conversation');
      const made = [first, (await start(s, 'Second')).id, (await start(s, 'Third')).id];
      const whole = await allPages(s, '/api/conversations', conversation, 100);
      // Each instance makes ids by its own clock, so the order of the three is not certain.
      s.same('the conversations', made.toSorted(), whole.toSorted());
      s.same(
        'the conversations, page by page',
        whole,
        await allPages(s, '/api/conversations', conversation, 2),
      );
      await s.refused(400, 'GET', '/api/conversations?limit=0', { token: s.tokenOf(s.ada) });
    },
  },
  {
    name: 'a conversation is renamed',
    run: async (s) => {
      const token = s.tokenOf(s.ada);
      const expected = { status: 200, shape: conversation };
      await s.ask('PATCH', pathOf(s), expected, { token, body: { title: 'Renamed' } });
      const { body } = await s.ask('GET', pathOf(s), expected, { token });
      s.same('the title', 'Renamed', body.title);
    },
  },
  {
    name: 'a message is stored and answered',
    run: async (s) => {
      const { body } = await post(s, 'Hello ✓');
      s.same(
        'role and content of the message',
        ['user', 'Hello ✓'],
        [body.message.role, body.message.content],
      );
      const { role, status, replyTo, modelId } = body.answer;
      s.same(
        'the answer',
        ['assistant', 'complete', body.message.id, s.modelId],
        [role, status, replyTo, modelId],
      );
      s.same('whether the answer says something', true, body.answer.content.length > 0);
      if (s.modelId === 'slipway-echo')
        s.same('the answer', 'You said: Hello ✓', body.answer.content);
    },
  },
  {
    name: 'a message repeated with its idempotency key is stored once',
    run: async (s) => {
      const first = await post(s, 'Once', 'smoke-1');
      const again = await post(s, 'Once', 'smoke-1');
      s.same(
        'the ids',
        [first.body.message.id, first.body.answer.id],
        [again.body.message.id, again.body.answer.id],
      );
      s.same('the header idempotency-replayed', 'true', again.headers.get('idempotency-replayed'));
      const other = {
        token: s.tokenOf(s.ada),
        body: { content: 'Another' },
        headers: { 'idempotency-key': 'smoke-1' },
      };
      await s.refused(422, 'POST', `${pathOf(s)}/messages`, other);
    },
  },
  {
    name: 'a blank message is a 400 problem',
    run: async (s) => {
      const request = { token: s.tokenOf(s.ada), body: { content: '  ' } };
      await s.refused(400, 'POST', `${pathOf(s)}/messages`, request);
    },
  },
  {
    name: 'messages are listed page by page, in both orders',
    run: async (s) => {
      const path = `${pathOf(s)}/messages`;
      const expected = { status: 200, shape: pageOf(message) };
      const { body } = await s.ask('GET', `${path}?order=asc`, expected, {
        token: s.tokenOf(s.ada),
      });
      s.same(
        'the roles',
        ['user', 'assistant', 'user', 'assistant'],
        body.items.map(({ role }) => role),
      );
      const ids = body.items.map(({ id }) => id);
      s.same('the messages, oldest first', ids, await allPages(s, `${path}?order=asc`, message, 3));
      s.same('the messages, newest first', ids.toReversed(), await allPages(s, path, message, 3));
    },
  },
  {
    name: 'an unknown conversation is a 404 problem',
    run: async (s) => {
      const token = s.tokenOf(s.ada);
      for (const id of ['00000000-0000-0000-0000-000000000000', 'nonsense']) {
        await s.refused(404, 'GET', `/api/conversations/${id}`, { token });
      }
    },
  },
  {
    name: "somebody else's conversation is a 404 problem",
    run: async (s) => {
      const token = s.tokenOf(s.bob);
      const body = { content: 'Hello' };
      await s.refused(404, 'GET', pathOf(s), { token });
      await s.refused(404, 'GET', `${pathOf(s)}/messages`, { token });
      await s.refused(404, 'PATCH', pathOf(s), { token, body: { title: 'Mine' } });
      await s.refused(404, 'POST', `${pathOf(s)}/messages`, { token, body });
      await s.refused(404, 'DELETE', pathOf(s), { token });
    },
  },
  {
    name: 'a conversation is deleted with its messages',
    run: async (s) => {
      const token = s.tokenOf(s.ada);
      await s.ask('DELETE', pathOf(s), { status: 204 }, { token });
      await s.refused(404, 'GET', pathOf(s), { token });
      await s.refused(404, 'GET', `${pathOf(s)}/messages`, { token });
      s.ada.conversations = s.ada.conversations.filter((id) => id !== s.conversationId);
    },
  },
];

function pathOf(session: SmokeSession): string {
  return `/api/conversations/${session.need(session.conversationId, 'conversation')}`;
}

async function start(session: SmokeSession, title: string): Promise<z.output<typeof conversation>> {
  const request = { token: session.tokenOf(session.ada), body: { title } };
  const { body } = await session.ask(
    'POST',
    '/api/conversations',
    { status: 201, shape: conversation },
    request,
  );
  session.ada.conversations.push(body.id);
  return body;
}

function post(session: SmokeSession, content: string, key?: string) {
  const token = session.tokenOf(session.ada);
  const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
  const expected = { status: 201, shape: exchange };
  return session.ask('POST', `${pathOf(session)}/messages`, expected, {
    token,
    body: { content },
    headers,
  });
}

/** The ids of a whole list, walked by its cursors for at most 20 pages. */
async function allPages(
  session: SmokeSession,
  path: string,
  item: z.ZodType<{ id: string }>,
  limit: number,
): Promise<string[]> {
  const token = session.tokenOf(session.ada);
  const ids: string[] = [];
  let cursor = '';
  for (let page = 0; page < 20; page++) {
    const address: string = `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${cursor}`;
    const { body } = await session.ask(
      'GET',
      address,
      { status: 200, shape: pageOf(item) },
      { token },
    );
    ids.push(...body.items.map(({ id }) => id));
    if (body.next === null) break;
    cursor = `&cursor=${encodeURIComponent(body.next)}`;
  }
  return ids;
}
