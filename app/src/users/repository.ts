import type { Pool } from 'pg';

export interface NewUser {
  id: string;
  email: string;
  handle: string;
  displayName: string;
  passwordHash: string;
}

export interface Credentials {
  id: string;
  role: 'member' | 'admin';
  passwordHash: string;
}

/** A user's visible columns as one JSON object. Postgres builds it: no row has to be parsed. */
const asJson = `json_build_object(
  'id', id, 'handle', handle, 'email', email, 'displayName', display_name, 'role', role,
  'preferences', preferences, 'createdAt', created_at, 'updatedAt', updated_at)::text AS json`;

export class UserRepository {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** @returns the user as JSON text, or undefined when the handle or the address is taken */
  async create(user: NewUser): Promise<string | undefined> {
    const { rows } = await this.#pool.query<{ json: string }>({
      text: `INSERT INTO users (id, email, handle, display_name, password_hash) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT DO NOTHING RETURNING ${asJson}`,
      values: [user.id, user.email, user.handle, user.displayName, user.passwordHash],
    });
    return rows[0]?.json;
  }

  async findCredentials(email: string): Promise<Credentials | undefined> {
    const { rows } = await this.#pool.query<Credentials>({
      text: `SELECT id, role, password_hash AS "passwordHash" FROM users WHERE lower(email) = lower($1)`,
      values: [email],
    });
    return rows[0];
  }

  async find(id: string): Promise<string | undefined> {
    const { rows } = await this.#pool.query<{ json: string }>({
      text: `SELECT ${asJson} FROM users WHERE id = $1`,
      values: [id],
    });
    return rows[0]?.json;
  }

  /** Changes the given fields. `preferences` replaces all preferences. */
  async update(
    id: string,
    change: { displayName?: string; preferences?: unknown },
  ): Promise<string | undefined> {
    const { rows } = await this.#pool.query<{ json: string }>({
      text: `UPDATE users SET display_name = coalesce($2, display_name), preferences = coalesce($3::jsonb, preferences),
                    updated_at = now()
              WHERE id = $1 RETURNING ${asJson}`,
      values: [
        id,
        change.displayName ?? null,
        change.preferences ? JSON.stringify(change.preferences) : null,
      ],
    });
    return rows[0]?.json;
  }
}
