import { join } from 'node:path';
import { MigrationError } from '../../migrations/runner/exit.ts';
import { readMigrations } from '../../migrations/runner/files/files.ts';
import type { MigrationFile } from '../release/migrationRun.ts';
import { UserError } from '../userError.ts';

/**
 * The migrations of a checkout, in the order in which they run, as the runner in the image will
 * read them.
 *
 * @throws UserError when the runner would refuse the folder: a number used twice, a missing down
 *   file, and the like
 */
export function readMigrationFiles(root: string): MigrationFile[] {
  try {
    return readMigrations(join(root, 'migrations')).map(
      ({ name, checksum, phase, reversible }) => ({
        name,
        checksum,
        ...(phase && { phase }),
        reversible,
      }),
    );
  } catch (error) {
    if (error instanceof MigrationError)
      throw new UserError(`The folder migrations/ is refused: ${error.message}`);
    throw error;
  }
}
