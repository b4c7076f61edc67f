import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import type { ChatModel } from '../models/chatModel.ts';
import type { Cursors } from '../http/cursor.ts';
import { pageJson } from '../http/page.ts';
import { notFound, Problem } from '../http/problem.ts';
import {
  answerSeconds,
  type Answer,
  type MessageRepository,
  type NewAnswer,
  type Question,
} from './repository.ts';
import type { MessageQuery } from './schema.ts';

export interface Exchange {
  /** `{"message": …, "answer": …}` */
  json: string;
  /** Whether an earlier request with the same key stored the message. */
  replayed: boolean;
}

export class MessageService {
  readonly #repository: MessageRepository;
  readonly #models: Readonly<Record<string, ChatModel>>;
  readonly #cursors: Cursors;

  constructor(
    repository: MessageRepository,
    models: Readonly<Record<string, ChatModel>>,
    cursors: Cursors,
  ) {
    this.#repository = repository;
    this.#models = models;
    this.#cursors = cursors;
  }

  async list(
    userId: string,
    conversationId: string,
    { limit, cursor, order }: MessageQuery,
  ): Promise<string> {
    const list = `messages ${order} of ${conversationId}`;
    const from = cursor === undefined ? undefined : this.#cursors.decode(list, cursor);
    const page = await this.#repository.list(userId, conversationId, order, from, limit);
    if (!page) throw notFound('conversation');
    return pageJson(page, list, this.#cursors);
  }

  /**
   * Stores a message and the model's answer to it. With an idempotency key a repeat is safe, also
   * when the first request died between the two, or its client left: the message is found again, and
   * an answer that is missing or partial is made. One request at a time asks the model.
   */
  async post(
    userId: string,
    conversationId: string,
    content: string,
    key: string | undefined,
    signal: AbortSignal,
    log: Logger,
  ): Promise<Exchange> {
    const earlier =
      key === undefined ? undefined : await this.#repository.findByKey(userId, conversationId, key);
    const added =
      earlier ??
      (await this.#repository.addQuestion(userId, conversationId, uuidv7(), content, key));
    const question =
      added === 'duplicate'
        ? await this.#repository.findByKey(userId, conversationId, key!)
        : added;
    if (!question) throw await this.#whyNot(userId, conversationId);
    const replayed = question === earlier || added === 'duplicate';
    if (replayed && question.content !== content) {
      throw new Problem(
        422,
        'This Idempotency-Key was used for another message. Use a new key for each message.',
      );
    }
    const stored = replayed ? await this.#storedOrClaimed(question.id, signal) : undefined;
    const answer =
      stored?.partial === false
        ? stored.json
        : await this.#answer(conversationId, question, stored, signal, log);
    return { json: `{"message":${question.json},"answer":${answer}}`, replayed };
  }

  async #whyNot(userId: string, conversationId: string): Promise<Problem> {
    const model = await this.#repository.switchedOffModel(userId, conversationId);
    if (model === undefined) return notFound('conversation');
    return new Problem(
      409,
      `The model ${model} of this conversation is switched off. Choose another: PATCH /api/conversations/${conversationId} with a modelId.`,
    );
  }

  /**
   * The answer to a question that was asked before, or the right to make it: then undefined, or the
   * partial one that is there.
   */
  async #storedOrClaimed(questionId: string, signal: AbortSignal): Promise<Answer | undefined> {
    const deadline = Date.now() + waitForOtherMs;
    for (;;) {
      const stored = await this.#repository.findAnswer(questionId);
      if (stored?.partial === false) return stored;
      if (await this.#repository.claim(questionId)) {
        // The other request may have ended between the two.
        return this.#repository.findAnswer(questionId);
      }
      if (Date.now() > deadline || signal.aborted)
        throw new Problem(409, 'Another request with this Idempotency-Key is being answered.', {
          headers: { 'retry-after': '1' },
        });
      await sleep(100);
    }
  }

  async #answer(
    conversationId: string,
    question: Question,
    partial: Answer | undefined,
    signal: AbortSignal,
    log: Logger,
  ): Promise<string> {
    try {
      const { content, status } = await this.#ask(conversationId, question, signal, log);
      // What is there already is worth as much as another part.
      if (status === 'partial' && partial) return partial.json;
      const answer = await this.#repository.addAnswer({
        id: uuidv7(),
        conversationId,
        modelId: question.modelId,
        content,
        status,
        replyTo: question.id,
      });
      if (answer === undefined) throw notFound('conversation');
      if (status === 'partial') await this.#repository.release(question.id);
      return answer;
    } catch (error) {
      await this.#repository.release(question.id).catch(() => {});
      throw error;
    }
  }

  async #ask(
    conversationId: string,
    question: Question,
    client: AbortSignal,
    log: Logger,
  ): Promise<Pick<NewAnswer, 'content' | 'status'>> {
    const model = this.#models[question.modelId];
    if (!model)
      throw new Problem(503, `The model ${question.modelId} is not available at this moment.`);
    const history =
      model.historyLimit === 1
        ? [{ role: 'user' as const, content: question.content }]
        : await this.#repository.history(conversationId, question.seq, model.historyLimit);

    // Well before another request may take over.
    const signal = AbortSignal.any([client, AbortSignal.timeout((answerSeconds - 20) * 1_000)]);
    let content = '';
    let status: NewAnswer['status'] = 'complete';
    try {
      for await (const piece of model.reply(history, signal)) {
        content += piece;
        if (content.length > longestAnswer) {
          log.warn({ model: question.modelId }, 'the model says too much; the rest is cut off');
          content = `${content.slice(0, longestAnswer)}${cutMark}`;
          break;
        }
      }
    } catch (error) {
      // The part that arrived is kept and marked: nobody must take it for a whole answer.
      log.warn({ err: error, model: question.modelId }, 'the model broke off');
      if (content === '')
        throw new Problem(503, 'The model did not answer. Try again shortly.', { cause: error });
      status = 'partial';
    }
    return { content: storable(content), status };
  }
}

/** The longest answer that is kept, in UTF-16 units. */
const longestAnswer = 90_000;
const cutMark = '\n\n[The answer was longer; the rest is cut off.]';
/** How long a repeated request waits for the first one's answer. */
const waitForOtherMs = 20_000;

/** Postgres stores neither NUL nor half a surrogate pair, and the client is not to blame for them. */
const storable = (text: string): string => text.replaceAll('\0', '').toWellFormed();
