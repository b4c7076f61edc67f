import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { TestApi, type Account } from '../../test-support/api.ts';
import { TestPostgres } from '../../../tests/support/postgres.ts';
import { Cursors } from '../http/cursor.ts';
import type { ChatModel } from '../models/chatModel.ts';
import { MessageRepository } from './repository.ts';
import { MessageService } from './service.ts';

let postgres: TestPostgres;
let api: TestApi;
let ada: Account;
let userId: string;
let conversation: string;
beforeAll(async () => {
  postgres = await TestPostgres.start();
  api = await TestApi.start(await postgres.createDatabase());
  ada = await api.account();
  const { body } = await api.call('GET', '/api/users/me', { token: ada.accessToken });
  userId = String(body['id']);
});
afterAll(async () => {
  await api?.stop();
  await postgres?.stop();
});
beforeEach(async () => {
  conversation = await api.conversation(ada.accessToken);
});

/** Answers when it is told to; counts how often it was asked. */
class GatedModel implements ChatModel {
  readonly historyLimit = 1;
  asked = 0;
  say: (pieces: string[], error?: Error) => void = () => {};

  async *reply(_history: unknown, signal: AbortSignal): AsyncIterable<string> {
    this.asked++;
    yield 'First, ';
    const pieces = await new Promise<string[]>((resolve, reject) => {
      this.say = (said, error) => (error ? reject(error) : resolve(said));
      signal.addEventListener('abort', () => reject(new Error('aborted')));
    });
    yield* pieces;
  }
}

/** One instance of the API. */
function instance(model: ChatModel): MessageService {
  const models = Object.fromEntries(['slipway-guide', 'slipway-echo'].map((id) => [id, model]));
  return new MessageService(
    new MessageRepository(api.pool),
    models,
    new Cursors('test-test-test-test-test-test-test-test'),
  );
}

const post = (service: MessageService, key?: string, signal = new AbortController().signal) =>
  service.post(userId, conversation, 'hello', key, signal, pino({ level: 'silent' }));
const answerOf = ({ json }: { json: string }) =>
  (JSON.parse(json) as { answer: { content: string; status: string; seq: number } }).answer;
const numbers = async () => {
  const { rows } = await api.pool.query<{ seqs: number[]; last: number }>(
    `SELECT array_agg(seq::int ORDER BY seq) AS seqs, (SELECT last_seq::int FROM conversations WHERE id = $1) AS last
       FROM messages WHERE conversation_id = $1`,
    [conversation],
  );
  return rows[0];
};
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
};

test('one key sent to two instances at once asks the model once, and both get its answer', async () => {
  const model = new GatedModel();
  const [first, second] = [post(instance(model), 'k'), post(instance(model), 'k')];
  await until(() => model.asked > 0);
  // Long enough for the second one to come and look.
  await new Promise((resolve) => setTimeout(resolve, 500));
  model.say(['second.']);
  const answers = (await Promise.all([first, second])).map(answerOf);
  expect(answers[0]).toMatchObject({ content: 'First, second.', status: 'complete' });
  expect(answers[1]).toEqual(answers[0]);
  expect(model.asked).toBe(1);
  expect(await numbers()).toEqual({ seqs: [1, 2], last: 2 });
});

test('a client that leaves in the middle gets the whole answer when it comes back', async () => {
  const model = new GatedModel();
  const client = new AbortController();
  const left = post(instance(model), 'k', client.signal);
  await until(() => model.asked === 1);
  client.abort();
  expect(answerOf(await left)).toMatchObject({ content: 'First, ', status: 'partial' });
  const back = post(instance(model), 'k');
  await until(() => model.asked === 2);
  model.say(['second.']);
  expect(answerOf(await back)).toMatchObject({
    content: 'First, second.',
    status: 'complete',
    seq: 2,
  });
  expect(answerOf(await post(instance(model), 'k')).content).toBe('First, second.');
  expect(model.asked).toBe(2);
  expect(await numbers()).toEqual({ seqs: [1, 2], last: 2 });
});

test('the part of an answer stays when the model breaks off again', async () => {
  const model = new GatedModel();
  const replies = [['much, '], []];
  for (const pieces of replies) {
    const answer = post(
      instance({
        historyLimit: 1,
        async *reply() {
          yield 'So ';
          yield* pieces;
          await Promise.reject(new Error('reset'));
        },
      }),
      'k',
    );
    expect(answerOf(await answer)).toMatchObject({ content: 'So much, ', status: 'partial' });
  }
  expect(model.asked).toBe(0);
  expect(await numbers()).toEqual({ seqs: [1, 2], last: 2 });
});

test('an instance that dies while it answers blocks the question for a while only', async () => {
  const dead = new GatedModel();
  void post(instance(dead), 'k').catch(() => {});
  await until(() => dead.asked === 1);
  await api.pool.query(
    `UPDATE messages SET answering_until = now() - interval '1 s' WHERE conversation_id = $1`,
    [conversation],
  );
  const model = new GatedModel();
  const again = post(instance(model), 'k');
  await until(() => model.asked === 1);
  model.say(['second.']);
  expect(answerOf(await again).status).toBe('complete');
  // The dead one comes back to life: the first answer counts, and no number is lost.
  dead.say(['too late.']);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(answerOf(await post(instance(model), 'k')).content).toBe('First, second.');
  expect(await numbers()).toEqual({ seqs: [1, 2], last: 2 });
});

test('a client that does not wait for the other request is told to come back', async () => {
  const model = new GatedModel();
  const first = post(instance(model), 'k');
  await until(() => model.asked === 1);
  await expect(post(instance(model), 'k', AbortSignal.abort())).rejects.toMatchObject({
    status: 409,
    headers: { 'retry-after': '1' },
  });
  model.say([]);
  await first;
});

test('what a model says is stored however odd or long it is', async () => {
  const says = (text: string): ChatModel => ({
    historyLimit: 1,
    async *reply() {
      yield await Promise.resolve(text);
    },
  });
  const odd = answerOf(await post(instance(says('a\0b\ud800c'))));
  expect(odd).toMatchObject({ content: 'ab\ufffdc', status: 'complete' });
  let asked = 0;
  const endless: ChatModel = {
    historyLimit: 1,
    async *reply() {
      for (;;) {
        asked++;
        yield await Promise.resolve('x'.repeat(1_000));
      }
    },
  };
  const { content } = answerOf(await post(instance(endless), 'long'));
  expect(content).toMatch(/^x{90000}\n\n\[The answer was longer; the rest is cut off\.\]$/);
  expect(asked).toBeLessThan(100);
});
