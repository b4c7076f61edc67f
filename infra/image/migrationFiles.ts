import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MigrationError } from '../../migrations/runner/exit.ts';
import { readMigrations, type Migration } from '../../migrations/runner/files/files.ts';
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
  return refusing(async () => {
    const migrations = readMigrations(join(root, 'migrations'));
    await once(root, 'checked-migrations', migrations, () => checkMigrations(migrations));
    return migrations.map(({ name, checksum, phase, reversible }) => ({
      name,
      checksum,
      ...(phase && { phase }),
      reversible,
    }));
  });
}

/**
 * The tables that a checkout's migrations write rows of their own into: the app does not work
 * without these rows.
 *
 * @throws UserError when the runner would refuse the folder
 */
export async function readReferenceTables(root: string): Promise<string[]> {
  return refusing(async () => {
    const migrations = readMigrations(join(root, 'migrations'));
    return once(root, 'reference-tables', migrations, () => referenceTables(migrations));
  });
}

/**
 * Finds something out once for each state of the files, and keeps it in `.slipway/<name>.json`: the
 * parser takes 0.3 s and 160 MB, which every preview would pay for.
 */
async function once<T>(
  root: string,
  name: string,
  migrations: Migration[],
  find: () => Promise<T>,
): Promise<T> {
  const file = join(root, '.slipway', `${name}.json`);
  const key = keyOf(migrations);
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as { key: string; found: T };
    if (kept.key === key) return kept.found;
  } catch {
    // There is none yet, or it cannot be read.
  }
  const found = await find();
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ key, found }));
  } catch {
    // A checkout that cannot be written to is read anew each time.
  }
  return found;
}

/** Another text, another check or another parser is another key. */
function keyOf(migrations: Migration[]): string {
  const hash = createHash('sha256').update(JSON.stringify(migrations));
  const runner = join(import.meta.dirname, '../../migrations/runner');
  const parser = join(import.meta.dirname, '../../node_modules/libpg-query/package.json');
  const sources = globSync(join(runner, '{files,sql}/*.ts')).sort();
  for (const source of [...sources, parser]) hash.update(readFileSync(source));
  return hash.digest('hex');
}

async function refusing<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof MigrationError)
      throw new UserError(`The folder migrations/ is refused: ${error.message}`);
    throw error;
  }
}
