import { MigrationError } from '../exit.ts';
import { withLock, type RunnerOptions } from './run.ts';
import { isDownEdited } from './verify.ts';

/**
 * Takes every migration up to `to` as applied, without running it: for a database that has the
 * schema already.
 *
 * @returns the names taken as applied
 * @throws {MigrationError} `usage` for a database that has migrations already, or a name there is
 *   no file of
 */
export function baseline(options: RunnerOptions, to: string): Promise<string[]> {
  return withLock(options, async ({ files, applied, ledger, lock }) => {
    if (applied.length > 0) {
      throw new MigrationError(
        'usage',
        `This database has ${applied.length} applied migrations, up to ${applied.at(-1)?.name ?? ''}. ` +
          'A baseline is for one that has none; see `migrate status`.',
      );
    }
    const index = files.findIndex(({ name }) => name === to);
    if (index < 0) {
      const names = files.map(({ name }) => name).join(', ') || 'none';
      throw new MigrationError('usage', `--to ${to}: no such migration. There are: ${names}.`);
    }
    const taken = files.slice(0, index + 1);
    await ledger.inTransaction(async () => {
      for (const migration of taken) await ledger.record(migration, 'baseline', 0, lock);
    });
    return taken.map(({ name }) => name);
  });
}

/**
 * Accepts that an applied file, or its down file, was edited (it counts as applied as it is now), or that it is gone
 * (it counts as never applied), or that a file outside a transaction was broken off after its work
 * was done (it counts as applied). The schema is not touched; the reason stays in the history.
 *
 * @throws {MigrationError} `usage` where there is nothing to accept
 */
export function repair(
  options: RunnerOptions,
  name: string,
  reason: string,
): Promise<'edited' | 'missing' | 'begun'> {
  return withLock(options, async ({ files, applied, ledger, lock }) => {
    const row = applied.find((migration) => migration.name === name);
    const file = files.find((migration) => migration.name === name);
    if (!row) {
      if (file && (await ledger.wasBegun(file))) {
        await ledger.acceptBegun(file, reason, lock);
        return 'begun';
      }
      throw new MigrationError(
        'usage',
        `${name} is not applied to this database, so there is nothing to repair.`,
      );
    }
    if (!file) {
      await ledger.acceptMissing(row, reason);
      return 'missing';
    }
    if (file.checksum === row.checksum && !isDownEdited(file, row)) {
      throw new MigrationError(
        'usage',
        `${name} is as it was applied. There is nothing to repair.`,
      );
    }
    await ledger.acceptEdited(file, reason);
    return 'edited';
  });
}
