import type { Redis } from 'ioredis';
import type { Pool } from 'pg';

export type Check = 'ok' | 'failed' | 'degraded' | 'off';

export interface Readiness {
  ready: boolean;
  checks: { database: Check; schema: Check; cache: Check };
  /** Migrations that are in this image and not in the database. */
  pending: string[];
}

/**
 * Says whether this instance can serve. The cache must have answered once: this catches a release
 * with a wrong address. A later loss of the cache only degrades, because each process then counts
 * rate limits for itself. To take every instance out of rotation would be worse.
 */
export class ReadinessProbe {
  readonly #pool: Pool;
  readonly #cache: Redis | undefined;
  readonly #migrations: string[];
  #cacheSeen = false;

  /** @param migrations the names of the migrations this image carries */
  constructor(pool: Pool, cache: Redis | undefined, migrations: string[]) {
    this.#pool = pool;
    this.#cache = cache;
    this.#migrations = migrations;
  }

  async check(): Promise<Readiness> {
    const [database, cache] = await Promise.all([this.#database(), this.#cacheCheck()]);
    const checks = { ...database.checks, cache };
    const ready = checks.database === 'ok' && checks.schema === 'ok' && cache !== 'failed';
    return { ready, checks, pending: database.pending };
  }

  async #database(): Promise<{ checks: { database: Check; schema: Check }; pending: string[] }> {
    try {
      const { rows } = await this.#pool.query<{ name: string }>({
        name: 'readiness',
        text: 'SELECT name FROM slipway_migrations',
      });
      const applied = new Set(rows.map(({ name }) => name));
      const pending = this.#migrations.filter((name) => !applied.has(name));
      return {
        checks: { database: 'ok', schema: pending.length === 0 ? 'ok' : 'failed' },
        pending,
      };
    } catch (error) {
      // undefined_table: the database answers, but no migration has run.
      const reached = (error as { code?: string }).code === '42P01';
      return {
        checks: { database: reached ? 'ok' : 'failed', schema: 'failed' },
        pending: this.#migrations,
      };
    }
  }

  async #cacheCheck(): Promise<Check> {
    if (!this.#cache) return 'off';
    try {
      await this.#cache.ping();
      this.#cacheSeen = true;
      return 'ok';
    } catch {
      return this.#cacheSeen ? 'degraded' : 'failed';
    }
  }
}
