import type { Logger } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import type { ChatModel } from '../models/chatModel.ts';
import type { Cursors } from '../http/cursor.ts';
import { pageJson } from '../http/page.ts';
import { notFound, Problem } from '../http/problem.ts';
import type { MessageRepository, Question } from './repository.ts';
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
   * when the first request died between the two: the message is found again, and the missing answer
   * is made.
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
    if (!question) throw notFound('conversation');
    const replayed = question === earlier || added === 'duplicate';
    if (replayed && question.content !== content) {
      throw new Problem(
        422,
        'This Idempotency-Key was used for another message. Use a new key for each message.',
      );
    }
    const stored = replayed ? await this.#repository.findAnswer(question.id) : undefined;
    const answer = stored ?? (await this.#answer(conversationId, question, signal, log));
    return { json: `{"message":${question.json},"answer":${answer}}`, replayed };
  }

  async #answer(
    conversationId: string,
    question: Question,
    signal: AbortSignal,
    log: Logger,
  ): Promise<string> {
    const model = this.#models[question.modelId];
    if (!model)
      throw new Problem(503, `The model ${question.modelId} is not available at this moment.`);
    const history =
      model.historyLimit === 1
        ? [{ role: 'user' as const, content: question.content }]
        : await this.#repository.history(conversationId, question.seq, model.historyLimit);

    let content = '';
    let status: 'complete' | 'partial' = 'complete';
    try {
      for await (const piece of model.reply(history, signal)) content += piece;
    } catch (error) {
      // The part that arrived is kept and marked: nobody must take it for a whole answer.
      log.warn({ err: error, model: question.modelId }, 'the model broke off');
      if (content === '')
        throw new Problem(503, 'The model did not answer. Try again shortly.', { cause: error });
      status = 'partial';
    }
    const answer = await this.#repository.addAnswer({
      id: uuidv7(),
      conversationId,
      modelId: question.modelId,
      content,
      status,
      replyTo: question.id,
    });
    if (answer === undefined) throw notFound('conversation');
    return answer;
  }
}
