import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MigrationError } from '../../migrations/runner/exit.ts';
import { readMigrations, type Migration } from '../../migrations/runner/files/files.ts';
import { checkMigrations } from '../../migrations/runner/sql/checkScript.ts';
import { referenceTables } from '../../migrations/runner/sql/referenceTables.ts';
import type { MigrationFile } from '../release/migrationRun.ts';
import { UserError } from '../config/userError.ts';

/** Facts that take Postgres' parser to find out. */
interface Checked {
  /** The files and the code that checks them. */
  key: string;
  referenceTables: string[];
}

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
    await checked(root, migrations);
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
    return (await checked(root, migrations)).referenceTables;
  });
}

/**
 * Reads the SQL once for each state of the files: the parser takes 0.4 s and 150 MB, which every
 * preview would pay for.
 */
async function checked(root: string, migrations: Migration[]): Promise<Checked> {
  const file = join(root, '.slipway', 'checked-migrations.json');
  const key = keyOf(migrations);
  const known = readChecked(file);
  if (known?.key === key) return known;
  await checkMigrations(migrations);
  const result = { key, referenceTables: await referenceTables(join(root, 'migrations')) };
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(result));
  } catch {
    // A checkout that cannot be written to is read anew each time.
  }
  return result;
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

function readChecked(file: string): Checked | undefined {
  try {
    const { key, referenceTables: tables } = JSON.parse(readFileSync(file, 'utf8')) as Checked;
    return Array.isArray(tables) ? { key, referenceTables: tables } : undefined;
  } catch {
    return undefined;
  }
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
