import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MigrationError } from './exit.ts';
import { checkStatements, splitStatements } from './statements.ts';

/** One migration: a number and a name, the SQL that applies it, and the SQL that reverts it. */
export interface Migration {
  /** Such as `0001_users`. */
  name: string;
  number: number;
  up: string;
  down: string;
  /** SHA-256 (hex) of the up file's text, after a byte order mark and Windows line ends are taken out. */
  checksum: string;
}

const filePattern = /^(?<name>(?<number>\d{4})_[a-z0-9_]+)\.(?<direction>up|down)\.sql$/;

/**
 * Reads a folder of `NNNN_name.up.sql` and `NNNN_name.down.sql` files. Anything that could be misunderstood is refused
 * here, before a database is touched.
 *
 * @returns the migrations in the order of their numbers
 * @throws {MigrationError} `usage`, `badFile`, `duplicateNumber` or `missingDown`
 */
export function readMigrations(folder: string): Migration[] {
  const files = new Map<string, { number: number; up?: string; down?: string }>();
  for (const file of listSql(folder)) {
    const match = filePattern.exec(file);
    if (!match?.groups) {
      throw new MigrationError(
        'badFile',
        `${file}: not a migration's name. Write NNNN_lower_case_words.up.sql and .down.sql, such as 0005_topics.up.sql.`,
      );
    }
    const { name = '', number = '', direction = '' } = match.groups;
    const entry = files.get(name) ?? { number: Number(number) };
    entry[direction as 'up' | 'down'] = decode(file, readFileSync(join(folder, file)));
    files.set(name, entry);
  }
  const migrations = [...files].map(([name, { number, up, down }]) => {
    if (up === undefined) throw new MigrationError('badFile', `${name}.down.sql has no ${name}.up.sql beside it.`);
    if (down === undefined) {
      throw new MigrationError('missingDown', `${name}.down.sql is missing: every migration says how it is reverted.`);
    }
    checkStatements(`${name}.up.sql`, up);
    checkStatements(`${name}.down.sql`, down);
    return { name, number, up, down, checksum: checksumOf(up) };
  });
  migrations.sort((a, b) => a.number - b.number || (a.name < b.name ? -1 : 1));
  refuseDuplicates(migrations);
  return migrations;
}

/** The checksum that the database remembers of an applied file. Line ends do not count: git may change them. */
function checksumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function listSql(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith('.sql'))
      .sort();
  } catch (error) {
    throw new MigrationError('usage', `Cannot read the migrations folder ${folder}. Does it exist?`, { cause: error });
  }
}

/** UTF-8 without its byte order mark, with `\n` line ends. */
function decode(file: string, bytes: Buffer): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).replaceAll('\r\n', '\n');
  } catch (error) {
    throw new MigrationError('badFile', `${file}: not UTF-8. Save it as UTF-8 and try again.`, { cause: error });
  }
  if (text.includes('\0'))
    throw new MigrationError('badFile', `${file}: contains a NUL byte, which Postgres cannot take.`);
  if (splitStatements(text).length === 0) {
    throw new MigrationError(
      'badFile',
      `${file}: contains no SQL statement. Write \`SELECT 1;\` if nothing is to be done.`,
    );
  }
  return text;
}

function refuseDuplicates(migrations: Migration[]): void {
  migrations.forEach((migration, index) => {
    const next = migrations[index + 1];
    if (next && next.number === migration.number) {
      throw new MigrationError(
        'duplicateNumber',
        `${migration.name} and ${next.name} have the same number. Rename the newer one to the next free number.`,
      );
    }
  });
}
