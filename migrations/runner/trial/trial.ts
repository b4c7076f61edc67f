import type { Client } from 'pg';
import { cut } from '../database/disconnect.ts';
import { MigrationError } from '../exit.ts';
import { readMigrations, type Migration } from '../files/files.ts';
import { Ledger } from '../database/ledger.ts';
import type { RunnerOptions } from '../run/run.ts';
import { migrateUp } from '../run/runner.ts';
import { compare } from '../run/verify.ts';
import { FileTrial, openSession, type TrialOptions } from './fileTrial.ts';
import { fillTables } from './rows/fill.ts';
import type { Budget, TrialReport } from './report.ts';
import type { TrialSettings } from './settings.ts';

/**
 * Runs the pending migrations on a throw-away database with generated rows, by the same code as
 * `up` and `down`. Each file goes up, down and up again, beside a reader and a writer on each
 * table; tables that a file makes are filled before the next one.
 *
 * @param from the last migration that is applied without being tried
 * @throws {MigrationError} `usage` for a database whose name does not say that it is one for trials;
 *   what `up` throws
 */
export async function runTrial(
  options: TrialOptions,
  settings: TrialSettings,
  from?: string,
): Promise<TrialReport> {
  const { signal, say } = options;
  const files = readMigrations(options.folder);
  const client = await openSession(options).catch((error: unknown) => {
    throw signal.aborted ? signal.reason : error;
  });
  const breakOff = (): void => cut(client);
  try {
    await refuseOthers(client);
    signal.addEventListener('abort', breakOff, { once: true });
    signal.throwIfAborted();
    const ledger = new Ledger(client, options.release);
    if (from !== undefined && compare(files, await ledger.applied()).pending.length > 0)
      await migrateUpTo(options, files, ledger, from);
    const { pending } = compare(files, await ledger.applied());
    // Whether a contract step may be released now is no question for a trial.
    const run = new FileTrial(
      { ...options, forced: pending.map(({ name }) => name) },
      client,
      pending,
    );
    const report: TrialReport = { rows: {}, files: [] };
    for (const migration of pending) {
      const filled = await fillTables(client, options.schema, settings, say);
      for (const [table, n] of filled) report.rows[table] = n;
      report.files.push(await run.file(migration, budgetOf(migration, settings, options)));
    }
    return report;
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', breakOff);
    await client.end().catch(() => {});
  }
}

async function migrateUpTo(
  options: RunnerOptions,
  files: Migration[],
  ledger: Ledger,
  from: string,
): Promise<void> {
  const applied = new Set((await ledger.applied()).map(({ name }) => name));
  if (applied.has(from)) return;
  await migrateUp({ ...options, forced: files.map(({ name }) => name) }, { to: from });
}

/**
 * The header of the file comes first, then the command line or `trial.json`. Without either, the
 * longest wait is the lock timeout of the file: so long it lets others queue up.
 */
function budgetOf(
  { up: { header } }: Migration,
  settings: TrialSettings,
  { lockTimeoutMs }: RunnerOptions,
): Budget {
  return {
    timeMs: header.timeBudgetMs ?? settings.timeBudgetMs,
    maxWaitMs:
      header.maxWaitMs ??
      settings.maxWaitMs ??
      Math.min(lockTimeoutMs, header.lockTimeoutMs ?? lockTimeoutMs),
  };
}

/** A trial fills tables and reverts files, so it must never run on a database that somebody needs. */
async function refuseOthers(client: Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name');
  const name = rows[0]?.name ?? '';
  if (/(?:^|[_-])(?:trial|rehearsal)(?:[_-]|$)/.test(name)) return;
  throw new MigrationError(
    'usage',
    `A trial fills tables with generated rows and reverts files, so it runs on a throw-away database only: one with ` +
      `"trial" in its name, such as "trial" or "app_trial". This one is "${name}". \`make migration-trial\` makes one.`,
  );
}
