import { MigrationError } from '../../../migrations/runner/exit.ts';
import { readMigrations, type Migration } from '../../../migrations/runner/files/files.ts';

/**
 * The migrations of a checkout, by name and checksum. A folder that cannot be read has nothing to show; the program has refused
 * it already.
 */
export function readCheckout(folder: string): Map<string, Migration> {
  try {
    return new Map(readMigrations(folder).map((file) => [`${file.name} ${file.checksum}`, file]));
  } catch (error) {
    if (error instanceof MigrationError) return new Map();
    throw error;
  }
}
