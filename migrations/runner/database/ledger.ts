import type { Client } from 'pg';
import type { Migration } from '../files/files.ts';
import type { Phase } from '../files/header.ts';
import { MigrationError } from '../exit.ts';
import { bookkeepingTables } from './bookkeepingTables.ts';
import { lockLost, type Lock } from './lock.ts';

/** The row of an applied file in the database. */
export interface AppliedMigration {
  name: string;
  checksum: string;
  /** Of its down file, as it was then; `null` where there was none, or the runner kept none yet. */
  downChecksum: string | null;
  appliedAt: Date;
  durationMs: number;
  /** The release whose runner applied it: the image's digest. */
  release: string;
  /** `null`: its header did not say. */
  phase: Phase | null;
  reversible: boolean;
}

/**
 * The event of a row in the history: a file applied or reverted, a file taken as applied
 * (`baseline`), a difference accepted by a person (`repair`), a file outside a transaction begun
 * (`begin`).
 */
type Event = 'up' | 'down' | 'baseline' | 'repair' | 'begin';

type Remembered = Pick<Migration, 'name' | 'checksum' | 'reversible'> & {
  phase?: Phase | null | undefined;
  downChecksum?: string | null | undefined;
};

// The end of the server's message when it refuses to note a step.
const lostLock = ' lost the lock';
const transactionEnded = ' ended its transaction';

/**
 * The bookkeeping tables: `slipway_migrations` says what is applied now,
 * `slipway_migration_history` keeps every step ever taken. Nothing is ever changed or deleted in
 * the history.
 */
export class Ledger {
  readonly #client: Client;
  readonly #release: string;

  /** @param release written beside every step: which image took it */
  constructor(client: Client, release: string) {
    this.#client = client;
    this.#release = release;
  }

  /** Makes the schema and the tables where they do not exist yet. Call it under the lock. */
  async create(schema: string): Promise<void> {
    const found = await this.#client.query<{ ready: boolean; schema: boolean }>(
      `SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('slipway_migrations') AND attname = 'down_checksum') AS ready,
              to_regnamespace($1) IS NOT NULL AS schema`,
      [`"${schema}"`],
    );
    if (found.rows[0]?.ready) return;
    // Sent as one simple query, which Postgres runs as one transaction.
    await this.#client.query(`
      ${found.rows[0]?.schema ? '' : `CREATE SCHEMA "${schema}";`}
      ${bookkeepingTables}`);
  }

  /**
   * The applied migrations in the order of their names; empty for a database that was never
   * migrated.
   */
  async applied(): Promise<AppliedMigration[]> {
    const found = await this.#client.query<{ column: string }>(
      `SELECT attname AS column FROM pg_attribute
        WHERE attrelid = to_regclass('slipway_migrations') AND attnum > 0 AND NOT attisdropped`,
    );
    if (found.rows.length === 0) return [];
    // An earlier version of the runner may have made the table.
    const columns = new Set(found.rows.map(({ column }) => column));
    const { rows } = await this.#client.query<AppliedMigration>(
      `SELECT name, checksum, applied_at AS "appliedAt", duration_ms AS "durationMs", release,
              ${columns.has('phase') ? 'phase, reversible' : 'NULL AS phase, true AS reversible'},
              ${columns.has('down_checksum') ? 'down_checksum' : 'NULL'} AS "downChecksum"
         FROM slipway_migrations ORDER BY name`,
    );
    return rows;
  }

  /**
   * Notes one step; `baseline` takes a file as applied without running it. Refused by the server,
   * which leaves nothing of it, when the session has lost its lock.
   *
   * @throws {MigrationError} `lockLost`
   */
  async record(
    migration: Remembered,
    event: 'up' | 'down' | 'baseline',
    durationMs: number,
    lock: Lock,
  ): Promise<void> {
    await this.#record(migration, event, String(Math.round(durationMs)), lock, 'true');
  }

  /**
   * SQL that marks the transaction in hand as that of a file: `recordInTransaction` finds the mark
   * in that one alone.
   */
  markTransaction({ name }: Remembered): string {
    return `SET LOCAL slipway.migration = '${name}'`;
  }

  /**
   * The same inside the transaction of the file itself, so that both happen or neither: refused
   * where that has ended.
   *
   * @returns how long the transaction has taken, in milliseconds
   * @throws {MigrationError} `lockLost`, or `badFile` for a file that has ended its transaction
   */
  async recordInTransaction(
    migration: Remembered,
    event: 'up' | 'down',
    lock: Lock,
  ): Promise<number> {
    const elapsed =
      '(extract(epoch FROM clock_timestamp() - transaction_timestamp()) * 1000)::integer';
    return this.#record(
      migration,
      event,
      elapsed,
      lock,
      `current_setting('slipway.migration', true) IS NOT DISTINCT FROM name`,
    );
  }

  async #record(
    { name, checksum, phase, reversible, downChecksum }: Remembered,
    event: 'up' | 'down' | 'baseline',
    durationMs: string,
    lock: Lock,
    marked: string,
  ): Promise<number> {
    const values: unknown[] = [name, checksum, this.#release];
    const present =
      event === 'down'
        ? 'DELETE FROM slipway_migrations WHERE name = $1'
        : `INSERT INTO slipway_migrations (name, checksum, duration_ms, release, phase, reversible, down_checksum)
           VALUES ($1, $2, ${durationMs}, $3, $4, $5, $6)`;
    if (event !== 'down') values.push(phase, reversible, downChecksum);
    // COMMIT may be on its way already, so the server itself has to refuse: by a cast that fails.
    const text = `WITH present AS (${present})
      INSERT INTO slipway_migration_history (direction, name, checksum, duration_ms, release)
      VALUES ('${event}', $1, $2, ${durationMs}, $3)
      RETURNING duration_ms, CASE WHEN NOT (${marked}) THEN (name || '${transactionEnded}')::boolean
                                  WHEN NOT (${lock.held}) THEN (name || '${lostLock}')::boolean END`;
    try {
      const { rows } = await this.#client.query<{ duration_ms: number }>(text, values);
      return rows[0]?.duration_ms ?? 0;
    } catch (error) {
      const { code, message = '' } = error as { code?: string; message?: string };
      if (code !== '22P02') throw error;
      if (message.includes(lostLock)) throw lockLost();
      throw new MigrationError(
        'badFile',
        'a statement of it ends the transaction that the file runs in. Take that out.',
        { cause: error },
      );
    }
  }

  /**
   * Says in the history that a file outside a transaction is about to run: a later attempt then
   * knows its traces.
   */
  async begin(migration: Remembered): Promise<void> {
    await this.#note(migration, 'begin', 0);
  }

  /**
   * Whether the newest thing the history knows of a migration is that it was begun, with the
   * content it has now.
   */
  async wasBegun({ name, checksum }: Remembered): Promise<boolean> {
    const { rows } = await this.#client.query<{ direction: Event; checksum: string }>(
      `SELECT direction, checksum FROM slipway_migration_history WHERE name = $1 ORDER BY id DESC LIMIT 1`,
      [name],
    );
    return rows[0]?.direction === 'begin' && rows[0].checksum === checksum;
  }

  /** Takes the file as it is now for what was applied. */
  async acceptEdited(migration: Remembered, reason: string): Promise<void> {
    await this.inTransaction(async () => {
      await this.#client.query(
        `UPDATE slipway_migrations SET checksum = $2, phase = $3, reversible = $4, down_checksum = $5
          WHERE name = $1`,
        [
          migration.name,
          migration.checksum,
          migration.phase,
          migration.reversible,
          migration.downChecksum,
        ],
      );
      await this.#note(migration, 'repair', 0, reason);
    });
  }

  /** Takes a file outside a transaction, which was broken off, for done. */
  async acceptBegun(migration: Remembered, reason: string, lock: Lock): Promise<void> {
    await this.inTransaction(async () => {
      await this.record(migration, 'baseline', 0, lock);
      await this.#note(migration, 'repair', 0, reason);
    });
  }

  /**
   * Forgets that a migration was applied, because its file is gone for good. The history goes on
   * knowing it.
   */
  async acceptMissing(row: Remembered, reason: string): Promise<void> {
    await this.inTransaction(async () => {
      await this.#client.query('DELETE FROM slipway_migrations WHERE name = $1', [row.name]);
      await this.#note(row, 'repair', 0, reason);
    });
  }

  async #note(
    { name, checksum }: Remembered,
    event: Event,
    durationMs: number,
    reason?: string,
  ): Promise<void> {
    await this.#client.query(
      `INSERT INTO slipway_migration_history (direction, name, checksum, duration_ms, release, reason)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [event, name, checksum, durationMs, this.#release, reason],
    );
  }

  /** Runs `work` in a transaction: all of it or nothing. */
  async inTransaction(work: () => Promise<void>): Promise<void> {
    await this.#client.query('BEGIN');
    try {
      await work();
      await this.#client.query('COMMIT');
    } catch (error) {
      await this.#client.query('ROLLBACK').catch(() => {});
      throw error;
    }
  }
}
