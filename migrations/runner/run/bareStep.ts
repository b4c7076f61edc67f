import pg from 'pg';
import { clearSession } from '../database/clearSession.ts';
import type { Migration, Script } from '../files/files.ts';
import { parseForRun } from '../sql/parse.ts';
import type { StepContext } from './stepContext.ts';
import { tracesOf, type Traces } from './traces.ts';

/**
 * Runs a `no-transaction` file: one statement, then its row. Between the two the process may die,
 * so the history says first that the file was begun; the next run then sees from the statement's
 * traces how far it got.
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
  const traces = await readTraces(file, sql);
  const started = performance.now();
  await client.query(
    `SET lock_timeout = ${lockTimeoutMs}; SET statement_timeout = ${statementTimeoutMs}`,
  );
  await lock.assertHeld();
  const begun = await ledger.wasBegun(migration);
  await traces?.clear(client, say);
  const complete = (await traces?.complete(client)) ?? false;
  if (begun && complete) {
    say(`${migration.name}: an earlier attempt got through and only lacks its row`);
  } else {
    // An index that stands there already is not ours: without a note of ours Postgres refuses it,
    // next time too.
    if (!complete) await ledger.begin(migration);
    await run(context, migration, sql, traces, begun && direction === 'up');
  }
  const elapsed = Math.round(performance.now() - started);
  await clearSession(client, lock);
  await ledger.record(migration, direction, elapsed, lock);
  return elapsed;
}

/**
 * A file that is not parsed is left to the server: several statements in one message are one
 * transaction to it.
 */
async function readTraces(file: string, sql: string): Promise<Traces | undefined> {
  const [statement] = (await parseForRun(file, sql)) ?? [];
  return statement && tracesOf(statement.tree);
}

async function run(
  { client, say }: StepContext,
  { name }: Migration,
  sql: string,
  traces: Traces | undefined,
  again: boolean,
): Promise<void> {
  try {
    await client.query(sql);
  } catch (error) {
    // The next attempt finds what cannot be removed now, because of a lock for instance.
    await traces?.clear(client, say).catch(() => {});
    if (again && error instanceof pg.DatabaseError)
      error.hint = [
        error.hint,
        'An earlier attempt of this file was broken off. If it has done its work after all, ' +
          `\`migrate repair ${name} --reason TEXT\` takes it as applied.`,
      ]
        .filter(Boolean)
        .join(' ');
    throw error;
  }
}
