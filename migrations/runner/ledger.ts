import type { Client } from 'pg';
import type { Migration } from './files.ts';

/** What the database remembers of an applied file. */
export interface AppliedMigration {
  name: string;
  checksum: string;
  appliedAt: Date;
  durationMs: number;
  /** The release whose runner applied it. */
  release: string;
}

/**
 * The bookkeeping tables: `slipway_migrations` says what is applied now, `slipway_migration_history` keeps every step
 * ever taken, up and down.
 */
export class Ledger {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Makes the schema and the tables where they do not exist yet. Call it under the lock. */
  async create(schema: string): Promise<void> {
    const found = await this.#client.query<{ ready: boolean; schema: boolean }>(
      `SELECT to_regclass('slipway_migration_history') IS NOT NULL AS ready, to_regnamespace($1) IS NOT NULL AS schema`,
      [`"${schema}"`],
    );
    if (found.rows[0]?.ready) return;
    // Sent as one simple query, which Postgres runs as one transaction.
    await this.#client.query(`
      ${found.rows[0]?.schema ? '' : `CREATE SCHEMA "${schema}";`}
      CREATE TABLE slipway_migrations (
        name text PRIMARY KEY,
        checksum text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now(),
        duration_ms integer NOT NULL,
        release text NOT NULL
      );
      CREATE TABLE slipway_migration_history (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name text NOT NULL,
        direction text NOT NULL CHECK (direction IN ('up', 'down')),
        checksum text NOT NULL,
        at timestamptz NOT NULL DEFAULT now(),
        duration_ms integer NOT NULL,
        release text NOT NULL
      );`);
  }

  /** The applied migrations in the order of their names; empty for a database that was never migrated. */
  async applied(): Promise<AppliedMigration[]> {
    const found = await this.#client.query<{ ready: boolean }>(
      `SELECT to_regclass('slipway_migrations') IS NOT NULL AS ready`,
    );
    if (!found.rows[0]?.ready) return [];
    const { rows } = await this.#client.query<AppliedMigration>(
      `SELECT name, checksum, applied_at AS "appliedAt", duration_ms AS "durationMs", release
         FROM slipway_migrations ORDER BY name`,
    );
    return rows;
  }

  /** Notes one step. Runs inside the transaction of the file itself, so that both happen or neither. */
  async record(migration: Migration, direction: 'up' | 'down', durationMs: number, release: string): Promise<void> {
    const values = [migration.name, migration.checksum, durationMs, release];
    await this.#client.query({
      name: `ledger-${direction}`,
      text:
        direction === 'up'
          ? `WITH now AS (INSERT INTO slipway_migrations (name, checksum, duration_ms, release) VALUES ($1, $2, $3, $4))
             INSERT INTO slipway_migration_history (direction, name, checksum, duration_ms, release)
             VALUES ('up', $1, $2, $3, $4)`
          : `WITH gone AS (DELETE FROM slipway_migrations WHERE name = $1)
             INSERT INTO slipway_migration_history (direction, name, checksum, duration_ms, release)
             VALUES ('down', $1, $2, $3, $4)`,
      values,
    });
  }
}
