import type { Client } from 'pg';
import type { Lock } from './lock.ts';

// The keys of an advisory lock as they were given: one bigint, or two integers.
const one = '(classid::bigint << 32) | objid::bigint';
const two = 'classid::bigint::bit(32)::integer, objid::bigint::bit(32)::integer';

/**
 * Takes from a session what a file has left in it: settings, role, temporary tables, cursors,
 * prepared statements, advisory locks. So a file finds the same session whatever ran before it.
 * `DISCARD ALL` does the same, but releases the lock of the run as well.
 */
export async function clearSession(client: Client, lock: Lock): Promise<void> {
  await client.query(`
    CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ROLE; RESET ALL; DEALLOCATE ALL; UNLISTEN *;
    DISCARD PLANS; DISCARD TEMP; DISCARD SEQUENCES;
    SELECT CASE WHEN objsubid = 1 AND mode = 'ShareLock' THEN pg_advisory_unlock_shared(${one})
                WHEN objsubid = 1 THEN pg_advisory_unlock(${one})
                WHEN mode = 'ShareLock' THEN pg_advisory_unlock_shared(${two})
                ELSE pg_advisory_unlock(${two}) END
      FROM pg_locks
     WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND NOT (${lock.isOwn})`);
}

/**
 * SQL that makes the rest of a transaction independent of what a file has set in it: the
 * bookkeeping is written by the runner's own role, into the schema's tables and not into temporary
 * ones of the same name.
 */
export const ownSession = (schema: string): string =>
  `SET LOCAL SESSION AUTHORIZATION DEFAULT; SET LOCAL ROLE NONE; SET LOCAL search_path = "${schema}", pg_temp`;
