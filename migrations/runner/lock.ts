import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { MigrationError } from './exit.ts';

/**
 * Takes the advisory lock that keeps two runners apart. It belongs to the session, so it goes away by itself when the
 * runner dies. It is polled for rather than waited on in the server: a session that waits there holds a snapshot, and
 * CREATE INDEX CONCURRENTLY in the run we wait for would wait for us in turn.
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
): Promise<void> {
  const deadline = Date.now() + waitMs;
  for (let attempt = 0; ; attempt++) {
    const { rows } = await client.query<{ ok: boolean }>('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS ok', [
      `slipway migrations in ${schema}`,
    ]);
    if (rows[0]?.ok) return;
    const left = deadline - Date.now();
    if (left <= 0 || signal?.aborted) {
      throw new MigrationError(
        'lockNotObtained',
        `Another run is migrating schema "${schema}" and held the lock for ${Math.round(waitMs / 1000)} s. ` +
          'Wait for it to end, then try again.',
      );
    }
    if (attempt === 0) say(`another run is migrating this database; waiting up to ${Math.round(waitMs / 1000)} s`);
    await sleep(Math.min(left, 50 + Math.random() * 150), undefined, signal ? { signal } : {}).catch(() => {});
  }
}
