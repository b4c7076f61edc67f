import { join } from 'node:path';
import { MigrationError } from '../../migrations/runner/exit.ts';
import { readMigrations } from '../../migrations/runner/files/files.ts';
import { referenceTables } from '../../migrations/runner/trial/rows/referenceTables.ts';
import type { MigrationFile } from '../platform.ts';
import { UserError } from '../userError.ts';

/**
 * The migrations of a checkout, in the order in which they run, as the runner in the image will
 * read them.
 *
 * @throws UserError when the runner would refuse the folder: a number used twice, a missing down
 *   file, and the like
 */
export function readMigrationFiles(root: string): MigrationFile[] {
  return readFolder(root, readMigrations).map(({ name, checksum, phase, reversible }) => ({
    name,
    checksum,
    ...(phase && { phase }),
    reversible,
  }));
}

/**
 * The tables that a checkout's migrations write rows of their own into: the app does not work
 * without these rows.
 *
 * @throws UserError when the runner would refuse the folder
 */
export function readReferenceTables(root: string): string[] {
  return readFolder(root, referenceTables);
}

function readFolder<T>(root: string, read: (folder: string) => T): T {
  try {
    return read(join(root, 'migrations'));
  } catch (error) {
    if (error instanceof MigrationError)
      throw new UserError(`The folder migrations/ is refused: ${error.message}`);
    throw error;
  }
}
