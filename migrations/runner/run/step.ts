import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { runBare } from './bareStep.ts';
import { MigrationError } from '../exit.ts';
import type { Migration, Script } from '../files/files.ts';
import type { Ledger } from '../database/ledger.ts';
import type { Lock } from '../database/lock.ts';
import { excerpt, splitStatements } from '../sql/statements.ts';

export interface StepSettings {
  /**
   * The longest a statement may wait for a lock, and so the longest that others queue up behind it,
   * in milliseconds.
   */
  lockTimeoutMs: number;
  statementTimeoutMs: number;
  /**
   * How often a file is tried when it only lost against other work (a lock, a deadlock, a
   * serialization failure).
   */
  attempts: number;
  /** Written into the bookkeeping: which release did it. */
  release: string;
  /**
   * Called where a file's transaction is about to end, with its session: a rehearsal looks at the
   * locks it holds.
   */
  inspect?: (client: pg.Client) => Promise<void>;
}

/** What a step works with: the session that holds the lock, and what it may do. */
export interface StepContext {
  client: pg.Client;
  lock: Lock;
  ledger: Ledger;
  settings: StepSettings;
  say: (line: string) => void;
  signal: AbortSignal;
}

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
  const { client, settings, say, signal } = context;
  for (let attempt = 1; ; attempt++) {
    const done = countStatements(client);
    try {
      signal.throwIfAborted();
      if (script.header.noTransaction) return await runBare(context, migration, direction, script);
      return await inTransaction(context, migration, direction, script);
    } catch (error) {
      const completed = Math.max(0, done.count() - openingStatements);
      if (!script.header.noTransaction) await client.query('ROLLBACK').catch(() => {});
      if (signal.aborted) throw signal.reason as MigrationError;
      const code = (error as { code?: string }).code ?? '';
      if (!transient.has(code) || attempt >= settings.attempts)
        throw explain(error, script, completed, attempt);
      // Full jitter: runners and migrations that collided once should not meet again.
      const waitMs = Math.round(Math.random() * Math.min(10_000, 500 * 2 ** attempt));
      say(
        `${migration.name}: ${(error as Error).message}; rolled back, attempt ${attempt + 1} in ${waitMs} ms`,
      );
      await sleep(waitMs, undefined, { signal }).catch(() => {});
    } finally {
      done.stop();
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
    // SET LOCAL ends with the transaction, so a file cannot leave the next one without its limits.
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
  const row = ledger.recordInTransaction(migration, direction, lock);
  await settled([...file, row, client.query('COMMIT')]);
  return row;
}

/** Waits for all of them, and throws the first failure: it is the cause of those after it. */
async function settled(parts: Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(parts)).find((part) => part.status === 'rejected');
  if (failed) throw failed.reason;
}

/** The statements that `inTransaction` sends before those of the file. */
const openingStatements = 4;

/**
 * Counts completed statements up to the first error: only so can one without a position be traced
 * to its statement.
 */
function countStatements(client: pg.Client): { count(): number; stop(): void } {
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

function explain(
  error: unknown,
  { file, sql, header }: Script,
  done: number,
  attempt: number,
): MigrationError {
  if (error instanceof MigrationError)
    return new MigrationError(error.reason, `${file}: ${error.message}`, { cause: error });
  const broken = !(error instanceof pg.DatabaseError) || error.severity === 'FATAL';
  if (broken) {
    const text = error instanceof Error ? error.message : String(error);
    const left = header.noTransaction
      ? 'The next run takes it up'
      : 'The server rolls the file back';
    return new MigrationError(
      'lockLost',
      `${file}: lost the connection, and with it the lock: ${text}. ${left}; run \`migrate up\` again.`,
      { cause: error },
    );
  }
  const statements = splitStatements(sql);
  // Outside a transaction there is one statement; what else was counted was ours.
  const index = header.noTransaction ? 0 : done;
  // The error may also come from COMMIT, after the last statement: a deferred constraint, for
  // instance.
  const statement = statements[index];
  const from = header.noTransaction ? (statement?.start ?? 0) : 0;
  const offset = error.position
    ? from + utf16Offset(sql.slice(from), Number(error.position) - 1)
    : statement?.start;
  const notes = [
    error.detail && `detail: ${error.detail}`,
    error.hint && `hint: ${error.hint}`,
    error.where && `where: ${error.where}`,
  ].filter(Boolean);
  const place = statement ? `statement ${index + 1} of ${statements.length}` : 'at its commit';
  return new MigrationError(
    'failedSql',
    [
      `${file}: ${error.message} (SQLSTATE ${error.code ?? '?'}, ${place}${attempt > 1 ? `, attempt ${attempt}` : ''})`,
      ...(offset === undefined ? [] : [excerpt(sql, offset)]),
      ...notes.map((note) => `  ${note}`),
      header.noTransaction
        ? 'Its one statement did not complete, and it is not noted as applied. Correct it and run again.'
        : 'Rolled back whole; nothing of this file remains. Correct it and run again.',
    ].join('\n'),
    { cause: error },
  );
}

/** Postgres counts characters, JavaScript counts UTF-16 units. */
export function utf16Offset(text: string, characters: number): number {
  let offset = 0;
  for (let i = 0; i < characters && offset < text.length; i++)
    offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
  return offset;
}
