import type { Pool, PoolClient } from 'pg';
import { transaction } from '../database/database.ts';
import type { Caller } from '../http/caller.ts';

/** The outcome for a refresh token that somebody presented. */
export type Rotation = { outcome: 'rotated'; caller: Caller } | { outcome: 'reused' | 'unknown' };

/** Sign-ins and their refresh tokens. Tokens come in as keyed hashes only. */
export class SessionRepository {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async open(
    sessionId: string,
    userId: string,
    tokenHash: Buffer,
    lifetimeS: number,
  ): Promise<void> {
    await this.#pool.query({
      text: `WITH session AS (INSERT INTO sessions (id, user_id) VALUES ($1, $2) RETURNING id)
             INSERT INTO refresh_tokens (token_hash, session_id, expires_at)
             SELECT $3, id, now() + make_interval(secs => $4) FROM session`,
      values: [sessionId, userId, tokenHash, lifetimeS],
    });
  }

  /**
   * Swaps a token for its successor. The session's row is locked first, so one of two simultaneous
   * uses wins. The other one counts as a second use: it ends the session, for the thief and for the
   * owner.
   */
  async rotate(presented: Buffer, successor: Buffer, lifetimeS: number): Promise<Rotation> {
    return transaction(this.#pool, async (client) => {
      const session = await lockSession(client, presented);
      if (!session) return { outcome: 'unknown' };
      const { rowCount } = await client.query({
        text: `UPDATE refresh_tokens SET used_at = now() WHERE token_hash = $1 AND used_at IS NULL AND expires_at > now()`,
        values: [presented],
      });
      if (rowCount === 0) {
        const reused = await this.#revoke(client, session.id, presented);
        return { outcome: reused ? 'reused' : 'unknown' };
      }
      await client.query({
        text: `INSERT INTO refresh_tokens (token_hash, session_id, expires_at)
               VALUES ($1, $2, now() + make_interval(secs => $3))`,
        values: [successor, session.id, lifetimeS],
      });
      return { outcome: 'rotated', caller: { userId: session.userId, role: session.role } };
    });
  }

  /** Ends the session a token belongs to. Unknown tokens change nothing. */
  async end(tokenHash: Buffer): Promise<void> {
    await this.#pool.query({
      text: `UPDATE sessions SET revoked_at = now()
              WHERE revoked_at IS NULL AND id = (SELECT session_id FROM refresh_tokens WHERE token_hash = $1)`,
      values: [tokenHash],
    });
  }

  async #revoke(client: PoolClient, sessionId: string, presented: Buffer): Promise<boolean> {
    const { rowCount } = await client.query({
      text: `UPDATE sessions SET revoked_at = now()
              WHERE id = $1 AND EXISTS (SELECT FROM refresh_tokens WHERE token_hash = $2 AND used_at IS NOT NULL)`,
      values: [sessionId, presented],
    });
    return rowCount === 1;
  }
}

interface SessionRow {
  id: string;
  userId: string;
  role: Caller['role'];
}

async function lockSession(client: PoolClient, tokenHash: Buffer): Promise<SessionRow | undefined> {
  const { rows } = await client.query<SessionRow>({
    text: `SELECT s.id, s.user_id AS "userId", u.role
             FROM sessions s JOIN users u ON u.id = s.user_id
            WHERE s.revoked_at IS NULL AND s.id = (SELECT session_id FROM refresh_tokens WHERE token_hash = $1)
              FOR UPDATE OF s`,
    values: [tokenHash],
  });
  return rows[0];
}
