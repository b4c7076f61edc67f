import { MigrationError } from '../exit.ts';
import type { Migration } from '../files/files.ts';
import type { AppliedMigration } from '../database/ledger.ts';
import { refuseEarlyContract, refuseIrreversible } from './releaseRules.ts';
import { withLock, type Run, type RunnerOptions } from './run.ts';
import { checkBeforeRun } from '../sql/checkScript.ts';
import { compare, isDownEdited, what } from './verify.ts';

/**
 * How far to go: up to (down to: and including) a name, a number of files, or everything there is.
 */
export type Extent = { to: string } | { step: number } | 'all';

/** Applies the pending migrations. Returns the names of what it applied. */
export async function migrateUp(options: RunnerOptions, extent: Extent = 'all'): Promise<string[]> {
  return withLock(options, async (run) => {
    const { applied } = run;
    const { pending, ahead } = compare(run.files, applied);
    if (ahead.length > 0) {
      options.say(
        `the database is ahead of this image by ${ahead.map(what).join(', ')}; this image's code goes with that`,
      );
    }
    const batch = takePending(pending, applied, extent);
    refuseEarlyContract(batch, applied, options.release, options.forced);
    return apply(run, batch, options);
  });
}

/**
 * Reverts the newest migration, or as many as `extent` says. Returns the names of what it reverted.
 * In production a person has to name the database for more than one.
 */
export async function migrateDown(
  options: RunnerOptions,
  extent: Extent = { step: 1 },
): Promise<string[]> {
  return withLock(options, async (run) => {
    const batch = toRevert(run, extent);
    await requireNamed(run, batch, extent, options);
    return revert(run, batch, options);
  });
}

/**
 * Reverts the newest migration, or as many as `extent` says, and applies them again. Returns their
 * names.
 */
export async function migrateRedo(
  options: RunnerOptions,
  extent: Extent = { step: 1 },
): Promise<string[]> {
  return withLock(options, async (run) => {
    const batch = toRevert(run, extent);
    await requireNamed(run, batch, extent, options);
    await revert(run, batch, options);
    return apply(run, batch.reverse(), options);
  });
}

/** Reverts everything. In production a person has to name the database. */
export async function revertAll(options: RunnerOptions): Promise<string[]> {
  return migrateDown(options, 'all');
}

/**
 * Reverting drops what migrations made, with its data. In production, more than the newest one asks
 * for the name of the database.
 */
async function requireNamed(
  { client }: Run,
  batch: Migration[],
  extent: Extent,
  { production, forced }: RunnerOptions,
): Promise<void> {
  if (!production || (extent !== 'all' && batch.length < 2)) return;
  const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name');
  const database = rows[0]?.name ?? '';
  if (forced.includes(database)) return;
  const what = extent === 'all' ? 'everything that migrations' : `what ${batch.length} migrations`;
  throw new MigrationError(
    'usage',
    `This would drop ${what} made in the database "${database}", with its data. ` +
      `To do that in production, name it: --force ${database}.`,
  );
}

/** What reverts a migration was written, and tried, with it. */
function refuseEditedDown(batch: Migration[], applied: AppliedMigration[], forced: string[]): void {
  const edited = batch.filter(
    (migration) =>
      !forced.includes(migration.name) &&
      applied.some((row) => row.name === migration.name && isDownEdited(migration, row)),
  );
  if (edited.length === 0) return;
  const names = edited.map(({ name }) => name);
  throw new MigrationError(
    'checksum',
    `The down file was edited after its migration was applied: ${names.join(', ')}. Undo the edit. ` +
      `If it was mended on purpose, run it with ${names.map((name) => `--force ${name}`).join(' ')}, ` +
      'or keep it with `migrate repair NAME --reason TEXT`.',
  );
}

function toRevert({ files, applied }: Run, extent: Extent): Migration[] {
  const { ahead } = compare(files, applied);
  if (ahead.length > 0) {
    throw new MigrationError(
      'missingFile',
      `This image does not carry ${ahead.map(({ name }) => name).join(', ')}, the newest of the database, so it cannot revert. ` +
        'Revert with the newer image.',
    );
  }
  const done = new Map(applied.map((row): [string, AppliedMigration] => [row.name, row]));
  return take(files.filter(({ name }) => done.has(name)).reverse(), extent);
}

/** The pending migrations that were asked for: none where `to` names one that is applied. */
function takePending(
  pending: Migration[],
  applied: AppliedMigration[],
  extent: Extent,
): Migration[] {
  const isThere =
    typeof extent === 'object' && 'to' in extent && applied.some(({ name }) => name === extent.to);
  return isThere ? [] : take(pending, extent);
}

/** The part of a run's migrations that was asked for. */
function take(migrations: Migration[], extent: Extent): Migration[] {
  if (extent === 'all') return migrations;
  if ('step' in extent) return migrations.slice(0, extent.step);
  const index = migrations.findIndex(({ name }) => name === extent.to);
  if (index >= 0) return migrations.slice(0, index + 1);
  const names = migrations.map(({ name }) => name).join(', ') || 'none';
  throw new MigrationError(
    'usage',
    `--to ${extent.to}: no such migration to go to. There are: ${names}.`,
  );
}

async function apply(
  { umzug }: Run,
  batch: Migration[],
  { say }: RunnerOptions,
): Promise<string[]> {
  if (batch.length === 0) say('nothing to migrate');
  const names = batch.map(({ name }) => name);
  if (names.length > 0) await umzug.up({ migrations: names });
  return names;
}

async function revert(
  { umzug, applied }: Run,
  batch: Migration[],
  { say, forced }: RunnerOptions,
): Promise<string[]> {
  refuseIrreversible(batch, forced);
  refuseEditedDown(batch, applied, forced);
  await checkBeforeRun(batch.flatMap(({ down }) => (down ? [down] : [])));
  if (batch.length === 0) say('nothing to revert');
  const names = batch.map(({ name }) => name);
  if (names.length > 0) await umzug.down({ migrations: names });
  return names;
}
