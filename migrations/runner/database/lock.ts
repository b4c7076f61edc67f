import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { MigrationError } from '../exit.ts';

/** The lock of a run. It can be lost: by a file that releases all locks, or with its connection. */
export class Lock {
  readonly #client: Client;
  /** An SQL condition that is true of this lock's row in `pg_locks`. */
  readonly isOwn: string;
  /** An SQL expression that is true while this session holds the lock. */
  readonly held: string;

  constructor(client: Client, key: bigint) {
    this.#client = client;
    const bits = BigInt.asUintN(64, key);
    this.isOwn = `classid = ${bits >> 32n} AND objid = ${bits & 0xffff_ffffn} AND objsubid = 1`;
    this.held = `EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()
      AND ${this.isOwn})`;
  }

  /** @throws {MigrationError} `lockLost` */
  async assertHeld(): Promise<void> {
    const { rows } = await this.#client.query<{ held: boolean }>(`SELECT ${this.held} AS held`);
    if (!rows[0]?.held) throw lockLost();
  }
}

export function lockLost(): MigrationError {
  return new MigrationError(
    'lockLost',
    'This session no longer holds the lock that keeps two runs apart, so the run stops here. ' +
      'Does a file call pg_advisory_unlock_all()? Take that out, then run again.',
  );
}

/**
 * Takes the advisory lock that keeps two runners apart. It belongs to the session, so it goes away
 * by itself when the runner dies. It is polled for rather than waited on in the server: a session
 * that waits there holds a snapshot, and CREATE INDEX CONCURRENTLY in the run we wait for would
 * wait for us in turn.
 *
 * @param waitMs how long to wait for another run to finish; 0 fails at once
 * @throws {MigrationError} `lockNotObtained`
 */
export async function takeLock(
  client: Client,
  schema: string,
  waitMs: number,
  say: (line: string) => void,
  signal?: AbortSignal,
): Promise<Lock> {
  const deadline = Date.now() + waitMs;
  for (let attempt = 0; ; attempt++) {
    const { rows } = await client.query<{ ok: boolean; key: string }>(
      'SELECT key, pg_try_advisory_lock(key) AS ok FROM hashtextextended($1, 0) AS key',
      [`slipway migrations in ${schema}`],
    );
    if (rows[0]?.ok) return new Lock(client, BigInt(rows[0].key));
    const left = deadline - Date.now();
    if (left <= 0 || signal?.aborted) {
      throw new MigrationError(
        'lockNotObtained',
        `Another run is migrating schema "${schema}" and held the lock for ${Math.round(waitMs / 1000)} s. ` +
          'Wait for it to end, then try again.',
      );
    }
    if (attempt === 0)
      say(`another run is migrating this database; waiting up to ${Math.round(waitMs / 1000)} s`);
    await sleep(
      Math.min(left, 50 + Math.random() * 150),
      undefined,
      signal ? { signal } : {},
    ).catch(() => {});
  }
}
