import { MigrationError } from './exit.ts';
import type { Migration } from './files.ts';
import type { AppliedMigration } from './ledger.ts';

/**
 * Compares the files with what the database says was applied, and returns what is left to do.
 *
 * @throws {MigrationError} `missingFile`, `checksum` or `order`, naming every file concerned
 */
export function pendingMigrations(
  files: Migration[],
  applied: Pick<AppliedMigration, 'name' | 'checksum'>[],
): Migration[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  const missing = applied.filter(({ name }) => !byName.has(name)).map(({ name }) => name);
  if (missing.length > 0) {
    throw new MigrationError(
      'missingFile',
      `Applied to this database, but not among the files: ${missing.join(', ')}. ` +
        'Is this an older checkout or image? Bring the files back, or migrate from the newer one.',
    );
  }
  const edited = applied
    .filter(({ name, checksum }) => byName.get(name)?.checksum !== checksum)
    .map(({ name }) => name);
  if (edited.length > 0) {
    throw new MigrationError(
      'checksum',
      `Edited after being applied: ${edited.join(', ')}. Undo the edit, and write the change as a new migration.`,
    );
  }
  const done = new Set(applied.map(({ name }) => name));
  const pending = files.filter(({ name }) => !done.has(name));
  const newest = files.findLast(({ name }) => done.has(name));
  const late = newest ? pending.filter(({ number }) => number < newest.number).map(({ name }) => name) : [];
  if (newest && late.length > 0) {
    throw new MigrationError(
      'order',
      `Numbered before ${newest.name}, which is already applied: ${late.join(', ')}. ` +
        'Rename to the next free number, so that every database runs the files in one order.',
    );
  }
  return pending;
}
