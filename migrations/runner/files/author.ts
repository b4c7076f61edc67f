import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MigrationError } from '../exit.ts';
import { listMigrations, type ListedMigration } from './files.ts';

/**
 * Makes the two files of a new migration, with the next number.
 *
 * @param title lower-case words; blanks and hyphens become underscores
 * @returns the names of the two files
 */
export function createMigration(folder: string, title: string): string[] {
  const words = title
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, '_');
  if (!/^[a-z0-9_]{1,60}$/.test(words)) {
    throw new MigrationError(
      'usage',
      `"${title}": name it with up to 60 letters, digits and underscores, such as add_topics.`,
    );
  }
  const name = `${nextNumber(listMigrations(folder))}_${words}`;
  const files: [string, string][] = [
    [
      `${name}.up.sql`,
      `-- slipway: phase=expand reversible=yes\n-- Why this is needed, and what old code makes of it.\n`,
    ],
    [`${name}.down.sql`, `-- Takes back what ${name}.up.sql does.\n`],
  ];
  // "wx": what two people or two terminals do at once ends in an error, not in a lost file.
  for (const [file, text] of files)
    write(() => writeFileSync(join(folder, file), text, { flag: 'wx' }), file);
  return files.map(([file]) => file);
}

/**
 * Gives a migration the next free number, because two branches took the same one.
 *
 * @param name may be left out where exactly one number is used twice: the error then says which
 *   names there are
 * @returns the migration's new name
 */
export function renumber(folder: string, name: string | undefined): string {
  const listed = listMigrations(folder);
  const entry = listed.find((migration) => migration.name === name);
  if (!entry) {
    const twice = listed.filter(
      ({ number }) => listed.filter((other) => other.number === number).length > 1,
    );
    const names = twice.map((migration) => migration.name).join(', ');
    throw new MigrationError(
      'usage',
      `${name === undefined ? 'A name is missing' : `There is no migration ${name}`}. ` +
        (names
          ? `These share a number: ${names}. Name the one that is applied nowhere yet.`
          : 'No number is used twice.'),
    );
  }
  const last = listed.at(-1);
  if (entry === last && !listed.some((other) => other !== entry && other.number === entry.number)) {
    throw new MigrationError(
      'usage',
      `${entry.name} is the newest already and shares its number with none.`,
    );
  }
  const renamed = `${nextNumber(listed)}${entry.name.slice(4)}`;
  for (const direction of entry.directions) {
    const to = join(folder, `${renamed}.${direction}.sql`);
    if (existsSync(to))
      throw new MigrationError('usage', `${renamed}.${direction}.sql exists already.`);
    write(() => renameSync(join(folder, `${entry.name}.${direction}.sql`), to), renamed);
  }
  return renamed;
}

function nextNumber(listed: ListedMigration[]): string {
  const next = (listed.at(-1)?.number ?? 0) + 1;
  if (next > 9999)
    throw new MigrationError('usage', 'The numbers are used up: four digits end at 9999.');
  return String(next).padStart(4, '0');
}

function write(work: () => void, file: string): void {
  try {
    work();
  } catch (error) {
    throw new MigrationError(
      'usage',
      `Cannot write ${file}: ${(error as Error).message}. Run this in a checkout.`,
      {
        cause: error,
      },
    );
  }
}
