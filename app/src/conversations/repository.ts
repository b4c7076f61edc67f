import type { Pool } from 'pg';
import { activeModelOf } from '../models/repository.ts';
import { foldPage, type PageRows } from '../http/page.ts';

/** A conversation `c` as one of its members `m` sees it. */
const asJson = `json_build_object('id', c.id, 'title', c.title, 'modelId', c.model_id, 'role', m.role,
  'createdAt', c.created_at, 'updatedAt', c.updated_at)`;

/** Greater than every UUID we make: a list from the newest to the oldest starts here. */
const newest = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Every method takes the caller first, and finds only the caller's conversations. */
export class ConversationRepository {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** @returns undefined when the model does not exist or is switched off */
  create(
    userId: string,
    id: string,
    title: string,
    modelId: string | undefined,
  ): Promise<string | undefined> {
    return this.#one({
      text: `WITH chosen AS (SELECT id FROM models WHERE enabled AND id = coalesce($4, ${activeModelOf})),
                  c AS (INSERT INTO conversations (id, title, model_id) SELECT $2, $3, id FROM chosen RETURNING *),
                  m AS (INSERT INTO conversation_members (user_id, conversation_id, role) SELECT $1, id, 'owner' FROM c RETURNING role)
             SELECT ${asJson}::text AS json FROM c, m`,
      values: [userId, id, title, modelId ?? null],
    });
  }

  /** Newest first. @param before the id of the last conversation on the previous page */
  async list(userId: string, before: string | undefined, limit: number): Promise<PageRows> {
    const { rows } = await this.#pool.query<PageRows>({
      text: `WITH page AS (
               SELECT ${asJson} AS json, c.id AS key, row_number() OVER (ORDER BY m.conversation_id DESC) AS n
                 FROM conversation_members m JOIN conversations c ON c.id = m.conversation_id
                WHERE m.user_id = $1 AND m.conversation_id < coalesce($2::uuid, '${newest}')
                ORDER BY m.conversation_id DESC LIMIT $3::int + 1)
             SELECT ${foldPage('$3::int')} FROM page`,
      values: [userId, before ?? null, limit],
    });
    return rows[0]!;
  }

  find(userId: string, id: string): Promise<string | undefined> {
    return this.#one({
      text: `SELECT ${asJson}::text AS json FROM conversations c
               JOIN conversation_members m ON m.conversation_id = c.id AND m.user_id = $1 WHERE c.id = $2`,
      values: [userId, id],
    });
  }

  /**
   * Only the owner may.
   *
   * @returns undefined when there is nothing the caller may change, or no such model to change to
   */
  update(
    userId: string,
    id: string,
    title: string | undefined,
    modelId: string | undefined,
  ): Promise<string | undefined> {
    return this.#one({
      text: `UPDATE conversations c SET title = coalesce($3, c.title), model_id = coalesce($4, c.model_id), updated_at = now()
               FROM conversation_members m
              WHERE c.id = $2 AND m.conversation_id = c.id AND m.user_id = $1 AND m.role = 'owner'
                AND ($4::text IS NULL OR EXISTS (SELECT FROM models WHERE id = $4 AND enabled))
             RETURNING ${asJson}::text AS json`,
      values: [userId, id, title ?? null, modelId ?? null],
    });
  }

  /** Only the owner may. @returns whether there was something to delete */
  async delete(userId: string, id: string): Promise<boolean> {
    const { rowCount } = await this.#pool.query({
      text: `DELETE FROM conversations c USING conversation_members m
              WHERE c.id = $2 AND m.conversation_id = c.id AND m.user_id = $1 AND m.role = 'owner'`,
      values: [userId, id],
    });
    return rowCount === 1;
  }

  async #one(query: { text: string; values: unknown[] }): Promise<string | undefined> {
    const { rows } = await this.#pool.query<{ json: string }>(query);
    return rows[0]?.json;
  }
}
