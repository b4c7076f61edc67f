import { join } from 'node:path';
import { MigrationError } from '../../migrations/runner/exit.ts';
import { readMigrations } from '../../migrations/runner/files/files.ts';
import { checkMigrations } from '../../migrations/runner/sql/checkScript.ts';
import type { MigrationFile } from '../platform.ts';
import { UserError } from '../userError.ts';

/**
 * The migrations of a checkout, in the order in which they run, as the runner in the image will
 * read them.
 *
 * @throws UserError when the runner would refuse the folder: a number used twice, a missing down
 *   file, a COMMIT in a file, and the like
 */
export async function readMigrationFiles(root: string): Promise<MigrationFile[]> {
  try {
    const migrations = readMigrations(join(root, 'migrations'));
    await checkMigrations(migrations);
    return migrations.map(({ name, checksum, phase, reversible }) => ({
      name,
      checksum,
      ...(phase && { phase }),
      reversible,
    }));
  } catch (error) {
    if (error instanceof MigrationError)
      throw new UserError(`The folder migrations/ is refused: ${error.message}`);
    throw error;
  }
}
