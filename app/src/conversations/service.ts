import { v7 as uuidv7 } from 'uuid';
import type { Cursors } from '../http/cursor.ts';
import { pageJson } from '../http/page.ts';
import { notFound, Problem } from '../http/problem.ts';
import type { ConversationRepository } from './repository.ts';
import type { CreateConversationBody, UpdateConversationBody } from './schema.ts';

/** The caller's conversations, as JSON text. Somebody else's conversation is a 404. */
export class ConversationService {
  readonly #repository: ConversationRepository;
  readonly #cursors: Cursors;

  constructor(repository: ConversationRepository, cursors: Cursors) {
    this.#repository = repository;
    this.#cursors = cursors;
  }

  async create(
    userId: string,
    { title = 'New conversation', modelId }: CreateConversationBody,
  ): Promise<string> {
    const json = await this.#repository.create(userId, uuidv7(), title, modelId);
    if (json === undefined) throw noSuchModel();
    return json;
  }

  async list(userId: string, limit: number, cursor: string | undefined): Promise<string> {
    const list = `conversations of ${userId}`;
    const before = cursor === undefined ? undefined : this.#cursors.decode(list, cursor);
    return pageJson(await this.#repository.list(userId, before, limit), list, this.#cursors);
  }

  async find(userId: string, id: string): Promise<string> {
    return found(await this.#repository.find(userId, id));
  }

  async update(
    userId: string,
    id: string,
    { title, modelId }: UpdateConversationBody,
  ): Promise<string> {
    const updated = await this.#repository.update(userId, id, title, modelId);
    // A conversation that the caller may change is there: then it was the model.
    if (updated === undefined && modelId !== undefined) {
      const seen = await this.#repository.find(userId, id);
      if (seen !== undefined && (JSON.parse(seen) as { role: string }).role === 'owner')
        throw noSuchModel();
    }
    return found(updated);
  }

  async delete(userId: string, id: string): Promise<void> {
    if (!(await this.#repository.delete(userId, id))) throw notFound('conversation');
  }
}

function found(json: string | undefined): string {
  if (json === undefined) throw notFound('conversation');
  return json;
}

const noSuchModel = (): Problem =>
  new Problem(400, 'The request is not valid.', {
    extensions: { errors: [{ path: ['modelId'], message: 'is not a model that can be used' }] },
  });
