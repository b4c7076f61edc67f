import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { runBare } from './bareStep.ts';
import { clearSession, ownSession } from '../database/clearSession.ts';
import { MigrationError } from '../exit.ts';
import type { Migration, Script } from '../files/files.ts';
import { explain } from './explain.ts';
import { passOnNotices } from './notices.ts';
import type { StepContext } from './stepContext.ts';

// lock_not_available, deadlock_detected, serialization_failure: nothing is wrong with the file; a
// later try may succeed.
const transient = new Set(['55P03', '40P01', '40001']);

/**
 * Runs one file and its bookkeeping: in one transaction, or, where its header asks for that,
 * outside.
 *
 * @returns how long it took, in milliseconds
 * @throws {MigrationError} `failedSql` with the line, `lockLost`, or the signal's reason when
 *   `signal` stopped it
 */
export async function runStep(
  context: StepContext,
  migration: Migration,
  direction: 'up' | 'down',
): Promise<number> {
  const script = migration[direction];
  if (!script) {
    throw new MigrationError(
      'irreversible',
      `${migration.name} cannot be reverted: it has no ${direction} file.`,
    );
  }
  const { client, lock, settings, say, signal } = context;
  for (let attempt = 1; ; attempt++) {
    let done: StatementCount | undefined;
    let endNotices: (() => void) | undefined;
    try {
      signal.throwIfAborted();
      await clearSession(client, lock);
      done = countStatements(client);
      endNotices = passOnNotices(client, migration.name, say);
      if (script.header.noTransaction) return await runBare(context, migration, direction, script);
      return await inTransaction(context, migration, direction, script);
    } catch (error) {
      const completed = Math.max(0, (done?.count() ?? 0) - openingStatements);
      if (!script.header.noTransaction) await client.query('ROLLBACK').catch(() => {});
      if (signal.aborted) throw signal.reason as MigrationError;
      const code = (error as { code?: string }).code ?? '';
      if (!transient.has(code) || attempt >= settings.attempts)
        throw await explain(error, script, completed, attempt);
      // Full jitter: runners and migrations that collided once should not meet again.
      const waitMs = Math.round(Math.random() * Math.min(10_000, 500 * 2 ** attempt));
      say(
        `${migration.name}: ${(error as Error).message}; rolled back, attempt ${attempt + 1} in ${waitMs} ms`,
      );
      await sleep(waitMs, undefined, { signal }).catch(() => {});
    } finally {
      endNotices?.();
      done?.stop();
    }
  }
}

/**
 * Sends all of it at once, so that a file costs one round trip. Each part is a message of its own:
 * an error's position counts from the file's first character, and a file that cannot be parsed does
 * not keep BEGIN from running. After an error in one part the server refuses the next, makes a
 * rollback of COMMIT, and the row refuses to be written outside the transaction.
 */
async function inTransaction(
  { client, lock, ledger, settings }: StepContext,
  migration: Migration,
  direction: 'up' | 'down',
  { sql, header }: Script,
): Promise<number> {
  const {
    lockTimeoutMs = settings.lockTimeoutMs,
    statementTimeoutMs = settings.statementTimeoutMs,
  } = header;
  const file = [
    client.query(
      `BEGIN; SET LOCAL lock_timeout = ${lockTimeoutMs}; SET LOCAL statement_timeout = ${statementTimeoutMs}; ` +
        ledger.markTransaction(migration),
    ),
    client.query(sql),
  ];
  if (settings.inspect) {
    await settled(file);
    await settings.inspect(client);
  }
  const own = client.query(ownSession(settings.schema));
  const row = ledger.recordInTransaction(migration, direction, lock);
  await settled([...file, own, row, client.query('COMMIT')]);
  return row;
}

/** Waits for all of them, and throws the first failure: it is the cause of those after it. */
async function settled(parts: Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(parts)).find((part) => part.status === 'rejected');
  if (failed) throw failed.reason;
}

/** The statements that `inTransaction` sends before those of the file. */
const openingStatements = 4;

interface StatementCount {
  count: () => number;
  stop: () => void;
}

/**
 * Counts completed statements up to the first error: only so can one without a position be traced
 * to its statement.
 */
function countStatements(client: pg.Client): StatementCount {
  const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
  let completed = 0;
  const stop = (): void => {
    connection.off('commandComplete', listener);
    connection.off('errorMessage', stop);
  };
  const listener = (): void => void completed++;
  connection.on('commandComplete', listener);
  connection.on('errorMessage', stop);
  return { count: () => completed, stop };
}
