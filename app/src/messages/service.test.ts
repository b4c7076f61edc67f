import { pino } from 'pino';
import { expect, test } from 'vitest';
import { Cursors } from '../http/cursor.ts';
import type { ChatModel, Turn } from '../models/chatModel.ts';
import type { MessageRepository, NewAnswer, Question } from './repository.ts';
import { MessageService } from './service.ts';

const question: Question = { id: 'q', seq: '3', content: 'hello', modelId: 'm', json: '{}' };
const past: Turn[] = [
  { role: 'assistant', content: 'before' },
  { role: 'user', content: 'hello' },
];

/** Posts one message to a conversation whose model is `model`, and keeps what would be stored. */
async function postTo(model: ChatModel | undefined, conversationIsGone = false) {
  const stored: NewAnswer[] = [];
  const repository: Partial<MessageRepository> = {
    addQuestion: () => Promise.resolve(question),
    history: () => Promise.resolve(past),
    release: () => Promise.resolve(),
    addAnswer(answer) {
      stored.push(answer);
      return Promise.resolve(conversationIsGone ? undefined : JSON.stringify(answer.content));
    },
  };
  const service = new MessageService(
    repository as MessageRepository,
    model ? { m: model } : {},
    new Cursors('test-test-test-test-test-test-test-test'),
  );
  const signal = new AbortController().signal;
  const exchange = service.post('u', 'c', 'hello', undefined, signal, pino({ level: 'silent' }));
  return { stored, outcome: await exchange.catch((error: unknown) => error) };
}

/** Says the pieces, then breaks off when told to. */
const says = (pieces: string[], breaksOff = false): ChatModel & { heard: Turn[] } => ({
  historyLimit: 2,
  heard: [],
  // eslint-disable-next-line @typescript-eslint/require-await -- a model is asynchronous
  async *reply(history) {
    this.heard.push(...history);
    yield* pieces;
    if (breaksOff) throw new Error('connection reset');
  },
});

test('a model that ends its answer has it stored as complete', async () => {
  const { stored, outcome } = await postTo(says(['good ', 'day']));
  expect(stored).toMatchObject([{ content: 'good day', status: 'complete', replyTo: 'q' }]);
  expect(outcome).toEqual({ json: '{"message":{},"answer":"good day"}', replayed: false });
});

test('a model that breaks off has the part that arrived stored as partial', async () => {
  const { stored } = await postTo(says(['good '], true));
  expect(stored).toMatchObject([{ content: 'good ', status: 'partial' }]);
});

test('a model that breaks off before its first word is a 503, and nothing is stored', async () => {
  const { stored, outcome } = await postTo(says([], true));
  expect(outcome).toMatchObject({ status: 503 });
  expect(stored).toEqual([]);
});

test('a model that this release does not have is a 503 that names it', async () => {
  const { outcome } = await postTo(undefined);
  expect(outcome).toMatchObject({
    status: 503,
    message: 'The model m is not available at this moment.',
  });
});

test('a conversation that is deleted while its model answers is a 404', async () => {
  const { outcome } = await postTo(says(['late']), true);
  expect(outcome).toMatchObject({ status: 404 });
});

test('a model gets the earlier turns, and one with a limit of 1 the question alone', async () => {
  const [long, short] = [says(['a']), { ...says(['a']), historyLimit: 1 }];
  await postTo(long);
  await postTo(short);
  expect(long.heard).toEqual(past);
  expect(short.heard).toEqual([{ role: 'user', content: 'hello' }]);
});
