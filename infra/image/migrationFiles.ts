import { join } from 'node:path';
import { MigrationError } from '../../migrations/runner/exit.ts';
import { readMigrations } from '../../migrations/runner/files/files.ts';
import { checkMigrations } from '../../migrations/runner/sql/checkScript.ts';
import { referenceTables } from '../../migrations/runner/sql/referenceTables.ts';
import type { MigrationFile } from '../release/migrationRun.ts';
import { UserError } from '../config/userError.ts';

/**
 * The migrations of a checkout, in the order in which they run, as the runner in the image will
 * read them.
 *
 * @throws UserError when the runner would refuse the folder: a number used twice, a missing down
 *   file, a COMMIT in a file, and the like
 */
export async function readMigrationFiles(root: string): Promise<MigrationFile[]> {
  const migrations = await readFolder(root, async (folder) => {
    const read = readMigrations(folder);
    await checkMigrations(read);
    return read;
  });
  return migrations.map(({ name, checksum, phase, reversible }) => ({
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
export function readReferenceTables(root: string): Promise<string[]> {
  return readFolder(root, referenceTables);
}

async function readFolder<T>(root: string, read: (folder: string) => T | Promise<T>): Promise<T> {
  try {
    return await read(join(root, 'migrations'));
  } catch (error) {
    if (error instanceof MigrationError)
      throw new UserError(`The folder migrations/ is refused: ${error.message}`);
    throw error;
  }
}
