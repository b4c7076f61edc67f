import type { Pool, PoolClient } from 'pg';
import { transaction } from '../database/database.ts';
import type { Caller } from '../http/caller.ts';

/** The outcome for a refresh token that somebody presented. */
export type Rotation =
  | { outcome: 'rotated'; caller: Caller }
  | { outcome: 'reused'; sessionId: string; userId: string }
  | { outcome: 'unknown' };

export interface Lifetimes {
  /** Of one refresh token, seconds. */
  refreshS: number;
  /** Of a session, however often it is refreshed, seconds. */
  sessionS: number;
}

/** How long a client may repeat a refresh whose answer it has lost, seconds. */
const graceS = 10;
/** How many rows one purge deletes at most: it must not hold anybody up. */
const purgeBatch = 1_000;

/** Sign-ins and their refresh tokens. Tokens come in as keyed hashes only. */
export class SessionRepository {
  readonly #pool: Pool;
  readonly #lifetimes: Lifetimes;

  constructor(pool: Pool, lifetimes: Lifetimes) {
    this.#pool = pool;
    this.#lifetimes = lifetimes;
  }

  async open(sessionId: string, userId: string, tokenHash: Buffer): Promise<void> {
    await this.#pool.query({
      text: `WITH session AS (INSERT INTO sessions (id, user_id) VALUES ($1, $2) RETURNING id)
             INSERT INTO refresh_tokens (token_hash, session_id, expires_at)
             SELECT $3, id, now() + make_interval(secs => $4) FROM session`,
      values: [sessionId, userId, tokenHash, this.#firstLifetime()],
    });
  }

  /**
   * Swaps a token for its successor. The session's row is locked first, so one of two simultaneous
   * uses wins. The other one counts as a second use, which ends the session, for the thief and for
   * the owner; unless the same client repeats itself at once, because it has lost the answer or has
   * two tabs, and nobody has used a successor yet.
   *
   * @param client a keyed hash of what is known of the client
   */
  async rotate(presented: Buffer, successor: Buffer, client: Buffer): Promise<Rotation> {
    return transaction(this.#pool, async (connection) => {
      const session = await this.#lock(connection, presented);
      if (!session) return { outcome: 'unknown' };
      const { rowCount } = await connection.query({
        text: `UPDATE refresh_tokens SET used_at = coalesce(used_at, now()), used_by = coalesce(used_by, $2)
                WHERE token_hash = $1 AND expires_at > now()
                  AND (used_at IS NULL
                       OR used_by = $2 AND used_at > now() - interval '${graceS} s'
                          AND NOT EXISTS (SELECT FROM refresh_tokens later
                                           WHERE later.session_id = refresh_tokens.session_id
                                             AND later.created_at >= refresh_tokens.used_at AND later.used_at IS NOT NULL))`,
        values: [presented, client],
      });
      if (rowCount === 0) return this.#revoke(connection, session, presented);
      await connection.query({
        text: `INSERT INTO refresh_tokens (token_hash, session_id, expires_at)
               SELECT $1, id, least(now() + make_interval(secs => $3), created_at + make_interval(secs => $4))
                 FROM sessions WHERE id = $2`,
        values: [successor, session.id, this.#lifetimes.refreshS, this.#lifetimes.sessionS],
      });
      const { id: sessionId, userId, role } = session;
      return { outcome: 'rotated', caller: { userId, role, sessionId } };
    });
  }

  /**
   * Ends the session a token belongs to. Unknown tokens change nothing.
   *
   * @returns the session that has ended just now
   */
  async end(tokenHash: Buffer): Promise<{ sessionId: string; userId: string } | undefined> {
    const { rows } = await this.#pool.query<{ sessionId: string; userId: string }>({
      text: `UPDATE sessions SET revoked_at = now()
              WHERE revoked_at IS NULL AND id = (SELECT session_id FROM refresh_tokens WHERE token_hash = $1)
             RETURNING id AS "sessionId", user_id AS "userId"`,
      values: [tokenHash],
    });
    return rows[0];
  }

  /**
   * Deletes tokens that expired a day ago or earlier, and sessions that have no other: a batch at a
   * time, beside other instances that do the same.
   *
   * @returns how many tokens it deleted; fewer than a batch when there are no more
   */
  async purge(): Promise<{ deleted: number; more: boolean }> {
    const { rowCount } = await this.#pool.query({
      text: `WITH old AS (SELECT token_hash, session_id FROM refresh_tokens WHERE expires_at < now() - interval '1 day'
                           ORDER BY expires_at LIMIT ${purgeBatch} FOR UPDATE SKIP LOCKED),
                  gone AS (DELETE FROM sessions WHERE id IN (SELECT session_id FROM old)
                              AND NOT EXISTS (SELECT FROM refresh_tokens t WHERE t.session_id = sessions.id
                                                 AND t.expires_at >= now() - interval '1 day'))
             DELETE FROM refresh_tokens WHERE token_hash IN (SELECT token_hash FROM old)`,
    });
    const deleted = rowCount ?? 0;
    return { deleted, more: deleted === purgeBatch };
  }

  #firstLifetime(): number {
    return Math.min(this.#lifetimes.refreshS, this.#lifetimes.sessionS);
  }

  async #lock(client: PoolClient, tokenHash: Buffer): Promise<SessionRow | undefined> {
    const { rows } = await client.query<SessionRow>({
      text: `SELECT s.id, s.user_id AS "userId", u.role
               FROM sessions s JOIN users u ON u.id = s.user_id
              WHERE s.revoked_at IS NULL AND s.created_at > now() - make_interval(secs => $2)
                AND s.id = (SELECT session_id FROM refresh_tokens WHERE token_hash = $1)
                FOR UPDATE OF s`,
      values: [tokenHash, this.#lifetimes.sessionS],
    });
    return rows[0];
  }

  async #revoke(client: PoolClient, session: SessionRow, presented: Buffer): Promise<Rotation> {
    const { rowCount } = await client.query({
      text: `UPDATE sessions SET revoked_at = now()
              WHERE id = $1 AND EXISTS (SELECT FROM refresh_tokens WHERE token_hash = $2 AND used_at IS NOT NULL)`,
      values: [session.id, presented],
    });
    return rowCount === 1
      ? { outcome: 'reused', sessionId: session.id, userId: session.userId }
      : { outcome: 'unknown' };
  }
}

interface SessionRow {
  id: string;
  userId: string;
  role: Caller['role'];
}
