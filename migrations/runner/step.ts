import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { MigrationError } from './exit.ts';
import type { Migration } from './files.ts';
import type { Ledger } from './ledger.ts';
import { excerpt, splitStatements } from './statements.ts';

export interface StepSettings {
  /** The longest a statement may wait for a lock, and so the longest that others queue up behind it, in milliseconds. */
  lockTimeoutMs: number;
  statementTimeoutMs: number;
  /** How often a file is tried when it only lost against other work (a lock, a deadlock, a serialization failure). */
  attempts: number;
  /** Written into the bookkeeping: which release did it. */
  release: string;
}

// lock_not_available, deadlock_detected, serialization_failure: nothing is wrong with the file; a later try may succeed.
const transient = new Set(['55P03', '40P01', '40001']);

/**
 * Runs one file and its bookkeeping in one transaction.
 *
 * @returns how long it took, in milliseconds
 * @throws {MigrationError} `failedSql` with the line, or the signal's reason when `signal` stopped it
 */
export async function runStep(
  client: pg.Client,
  ledger: Ledger,
  migration: Migration,
  direction: 'up' | 'down',
  settings: StepSettings,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const started = performance.now();
    const done = countStatements(client);
    try {
      signal.throwIfAborted();
      // SET LOCAL ends with the transaction, so a file cannot leave the next one without its limits.
      await client.query(
        `BEGIN; SET LOCAL lock_timeout = ${settings.lockTimeoutMs}; SET LOCAL statement_timeout = ${settings.statementTimeoutMs}`,
      );
      done.reset();
      await client.query(migration[direction]);
      const elapsed = Math.round(performance.now() - started);
      await ledger.record(migration, direction, elapsed, settings.release);
      await client.query('COMMIT');
      return elapsed;
    } catch (error) {
      const completed = done.count();
      await client.query('ROLLBACK').catch(() => {});
      if (signal.aborted) throw signal.reason as MigrationError;
      const code = (error as { code?: string }).code ?? '';
      if (!transient.has(code) || attempt >= settings.attempts) {
        throw explain(error, migration, direction, completed, attempt);
      }
      // Full jitter: runners and migrations that collided once should not meet again.
      const waitMs = Math.round(Math.random() * Math.min(10_000, 500 * 2 ** attempt));
      say(`${migration.name}: ${(error as Error).message}; rolled back, attempt ${attempt + 1} in ${waitMs} ms`);
      await sleep(waitMs, undefined, { signal }).catch(() => {});
    } finally {
      done.stop();
    }
  }
}

/** Counts completed statements: only so can an error without a position be traced to its statement. */
function countStatements(client: pg.Client): { count(): number; reset(): void; stop(): void } {
  const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
  let completed = 0;
  const listener = (): void => void completed++;
  connection.on('commandComplete', listener);
  return {
    count: () => completed,
    reset: () => void (completed = 0),
    stop: () => void connection.off('commandComplete', listener),
  };
}

function explain(
  error: unknown,
  migration: Migration,
  direction: 'up' | 'down',
  done: number,
  attempt: number,
): MigrationError {
  const file = `${migration.name}.${direction}.sql`;
  if (!(error instanceof pg.DatabaseError)) {
    const text = error instanceof Error ? error.message : String(error);
    return new MigrationError(
      'unreachable',
      `${file}: lost the database: ${text}. The server rolls the file back; run \`migrate up\` again.`,
      { cause: error },
    );
  }
  const sql = migration[direction];
  const statements = splitStatements(sql);
  // The error may also come from COMMIT, after the last statement: a deferred constraint, for instance.
  const statement = statements[done];
  const offset = error.position ? utf16Offset(sql, Number(error.position) - 1) : statement?.start;
  const notes = [
    error.detail && `detail: ${error.detail}`,
    error.hint && `hint: ${error.hint}`,
    error.where && `where: ${error.where}`,
  ].filter(Boolean);
  const place = statement ? `statement ${done + 1} of ${statements.length}` : 'at its commit';
  return new MigrationError(
    'failedSql',
    [
      `${file}: ${error.message} (SQLSTATE ${error.code ?? '?'}, ${place}${attempt > 1 ? `, attempt ${attempt}` : ''})`,
      ...(offset === undefined ? [] : [excerpt(sql, offset)]),
      ...notes.map((note) => `  ${note}`),
      'Rolled back whole; nothing of this file remains. Correct it and run again.',
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
