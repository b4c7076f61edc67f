import { join } from 'node:path';
import { migrateSettings } from '../../app/src/settings/settings.ts';
import { readConfig } from '../../app/src/settings/config.ts';
import { migrateCommand } from '../../migrations/runner/cli/cli.ts';
import { readMigrations } from '../../migrations/runner/files/files.ts';
import { connect } from '../../migrations/runner/database/connect.ts';
import { referenceTables } from '../../migrations/runner/sql/referenceTables.ts';
import { databaseName, databaseOwner } from '../../infra/config/database.ts';
import { dumpSchema } from '../../infra/docker-engine/schemaCopy.ts';
import type { ThrowAwayPostgres } from '../../infra/docker-engine/throwAwayPostgres.ts';
import { exitCodes } from '../../migrations/runner/exit.ts';
import { docker, extraArgs, requireDockerStack, stack, stackContainers } from '../lib/context.ts';
import { root } from '../lib/paths.ts';
import { say } from '../lib/progress.ts';
import { stackKey } from '../lib/stackKey.ts';
import { startTrialPostgres } from '../lib/trialPostgres.ts';

/**
 * How long Postgres may take to start: on a busy disk, initialising waits for each of its writes.
 */
const startWaitMs = 300_000;
const bookkeeping = ['slipway_migrations', 'slipway_migration_history'];

/**
 * Runs this checkout's pending migrations on a throw-away copy of the stack's schema, filled with
 * generated rows. The stack's own database is read by pg_dump, and not touched otherwise.
 */
export async function migrationTrial(): Promise<number> {
  requireDockerStack('migration-trial');
  const args = extraArgs();
  const folder = join(root, 'migrations');
  if (args.includes('--help') || args.includes('-h')) return run(['--help'], folder);
  const source = args.some((arg) => /^--from(?:=|$)/.test(arg)) ? undefined : await stackDatabase();
  let postgres: ThrowAwayPostgres | undefined;
  // The runner minds signals itself. Those that come before it runs are minded here, so that the
  // container goes in every case.
  let stopped = 0;
  const interrupt = (): void => void (stopped = exitCodes.interrupted);
  const terminate = (): void => void (stopped = exitCodes.terminated);
  process.on('SIGINT', interrupt).on('SIGTERM', terminate);
  try {
    say('  … starting a Postgres of its own');
    postgres = await startTrialPostgres();
    if (source && !stopped) await clone(source, postgres, folder);
    return stopped || (await run(args, folder, postgres));
  } finally {
    await postgres?.remove();
    process.off('SIGINT', interrupt).off('SIGTERM', terminate);
  }
}

/** The container of the stack's Postgres, where it runs. */
async function stackDatabase(): Promise<string | undefined> {
  const found = (await stackContainers()).find(
    ({ role, State }) => role === 'postgres' && State === 'running',
  );
  if (!found)
    say(
      `  … stack ${stack} has no Postgres that runs: every migration is tried, from an empty database on`,
    );
  return found?.Id;
}

/**
 * Copies roles and schema, the runner's bookkeeping, and the rows that migrations themselves have
 * written into.
 */
async function clone(
  container: string,
  postgres: ThrowAwayPostgres,
  folder: string,
): Promise<void> {
  const source = { container, user: databaseOwner, name: databaseName };
  const rowsOf = [...bookkeeping, ...(await referenceTables(readMigrations(folder)))];
  const dump = await dumpSchema(docker(), source, rowsOf);
  if (dump === undefined) return;
  const schema = stackKey('databaseSchema');
  const target = { databaseUrl: postgres.url, schema, connectWaitMs: startWaitMs };
  await (await connect(target, () => undefined)).end();
  await postgres.fill(dump);
  const copied = rowsOf.filter((table) => dump.includes(`CREATE TABLE ${schema}.${table} (`));
  say(`  ✓ copied roles and schema of stack ${stack}, and the rows of ${copied.join(', ')}`);
}

async function run(args: string[], folder: string, postgres?: ThrowAwayPostgres): Promise<number> {
  const code = await migrateCommand(['trial', ...args], folder, () => {
    const { DATABASE_URL, DATABASE_SCHEMA } = {
      DATABASE_URL: postgres?.url ?? '',
      DATABASE_SCHEMA: stackKey('databaseSchema'),
    };
    const settings = readConfig(migrateSettings, { ...process.env, DATABASE_URL, DATABASE_SCHEMA });
    return {
      databaseUrl: DATABASE_URL,
      schema: DATABASE_SCHEMA,
      release: settings.RELEASE,
      production: false,
      connectWaitMs: startWaitMs,
      lockWaitMs: settings.MIGRATE_LOCK_WAIT_MS,
      lockTimeoutMs: settings.MIGRATE_LOCK_TIMEOUT_MS,
      statementTimeoutMs: settings.MIGRATE_STATEMENT_TIMEOUT_MS,
      attempts: settings.MIGRATE_ATTEMPTS,
      ...(postgres && { pgDump: (options: string[]) => postgres.pgDump(options) }),
    };
  });
  if (args.includes('--help')) return code;
  say(
    code === exitCodes.ok
      ? `Next: \`make up STACK=${stack}\` applies what was tried.`
      : `It ended with exit code ${code}; docs/migrations.md lists what each means.`,
  );
  return code;
}
