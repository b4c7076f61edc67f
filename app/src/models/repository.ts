import type { Pool } from 'pg';

/** The model that a user has chosen, or else the first enabled one. `$1` is the user. */
export const activeModelOf = `(
  SELECT m.id FROM models m LEFT JOIN users u ON u.id = $1 AND u.active_model_id = m.id
   WHERE m.enabled ORDER BY (u.id IS NULL), m.position, m.id LIMIT 1)`;

const asJson = `json_build_object('id', id, 'name', name, 'description', description, 'provider', provider,
  'active', id = ${activeModelOf})`;

export class ModelRepository {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** @returns the only page as JSON text: there are few models */
  async list(userId: string): Promise<string> {
    const { rows } = await this.#pool.query<{ json: string }>({
      text: `SELECT json_build_object('items', coalesce(json_agg(${asJson} ORDER BY position, id), '[]'), 'next', NULL)::text AS json
               FROM models WHERE enabled`,
      values: [userId],
    });
    return rows[0]!.json;
  }

  /** @returns the model as JSON text, or undefined when there is none to switch to */
  async switch(userId: string, modelId: string): Promise<string | undefined> {
    const { rows } = await this.#pool.query<{ json: string }>({
      text: `WITH chosen AS (SELECT id, name, description, provider FROM models WHERE id = $2 AND enabled),
                  changed AS (UPDATE users SET active_model_id = chosen.id, updated_at = now() FROM chosen WHERE users.id = $1 RETURNING chosen.*)
             SELECT json_build_object('id', id, 'name', name, 'description', description, 'provider', provider, 'active', true)::text AS json
               FROM changed`,
      values: [userId, modelId],
    });
    return rows[0]?.json;
  }
}
