import { clearSession } from '../database/clearSession.ts';
import { MigrationError } from '../exit.ts';
import type { Migration, Script } from '../files/files.ts';
import { concurrentIndex, type ConcurrentIndex } from '../sql/checkScript.ts';
import { parseForRun } from '../sql/parse.ts';
import type { StepContext } from './stepContext.ts';

type IndexState = 'absent' | 'invalid' | 'valid';

/**
 * Runs a `no-transaction` file: one statement, then its row. Between the two the process may die,
 * so the history says first that the file was begun; the next run then sees from the index how far
 * it got.
 *
 * @returns how long it took, in milliseconds
 */
export async function runBare(
  context: StepContext,
  migration: Migration,
  direction: 'up' | 'down',
  { file, sql, header }: Script,
): Promise<number> {
  const { client, lock, ledger, settings, say } = context;
  const {
    lockTimeoutMs = settings.lockTimeoutMs,
    statementTimeoutMs = settings.statementTimeoutMs,
  } = header;
  const index = await indexOf(file, sql);
  const started = performance.now();
  await client.query(
    `SET lock_timeout = ${lockTimeoutMs}; SET statement_timeout = ${statementTimeoutMs}`,
  );
  await lock.assertHeld();
  const begun = await ledger.wasBegun(migration);
  const wanted = index?.action === 'create' ? 'valid' : 'absent';
  const reached = (await clearInvalid(context, index)) === wanted;
  if (begun && reached) {
    say(`${migration.name}: an earlier attempt got through and only lacks its row`);
  } else {
    // An index that stands there already is not ours: without a note of ours Postgres refuses it,
    // next time too.
    if (!reached) await ledger.begin(migration);
    await run(context, sql, index);
  }
  const elapsed = Math.round(performance.now() - started);
  await clearSession(client, lock);
  await ledger.record(migration, direction, elapsed, lock);
  return elapsed;
}

/**
 * The index that the file makes or drops. A file that is not parsed is left to the server: several
 * statements in one message are one transaction to it.
 */
async function indexOf(file: string, sql: string): Promise<ConcurrentIndex | undefined> {
  const [statement] = (await parseForRun(file, sql)) ?? [];
  return statement && concurrentIndex(statement.tree);
}

async function run(
  context: StepContext,
  sql: string,
  index: ConcurrentIndex | undefined,
): Promise<void> {
  try {
    await context.client.query(sql);
  } catch (error) {
    // The next attempt finds an index that cannot be dropped now, because of a lock for instance.
    await clearInvalid(context, index).catch(() => {});
    throw error;
  }
}

/**
 * Drops what a concurrent build that broke off has left. `IF NOT EXISTS` would take it for the
 * finished index.
 */
async function clearInvalid(
  { client, say }: StepContext,
  index: ConcurrentIndex | undefined,
): Promise<IndexState | undefined> {
  if (!index) return undefined;
  const { rows } = await client.query<{ valid: boolean; builder: number | null }>(
    `SELECT indisvalid AS valid,
            (SELECT pid FROM pg_stat_progress_create_index WHERE index_relid = indexrelid LIMIT 1) AS builder
       FROM pg_index WHERE indexrelid = to_regclass($1)`,
    [index.name],
  );
  const [found] = rows;
  if (!found) return 'absent';
  if (found.valid || index.action === 'drop') return found.valid ? 'valid' : 'invalid';
  if (found.builder !== null) {
    throw new MigrationError(
      'lockNotObtained',
      `Another session (process ${found.builder} of the server) is building the index ${index.name} right now. Wait for it, or end it.`,
    );
  }
  await client.query(`DROP INDEX CONCURRENTLY ${index.name}`);
  say(`dropped the invalid index ${index.name}, which an attempt that broke off had left`);
  return 'absent';
}
