import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MigrationError } from '../exit.ts';
import { readHeader, type Header, type Phase } from './header.ts';

/** The SQL of one direction, and how it wants to be run. */
export interface Script {
  /** Such as `0001_users.up.sql`. */
  file: string;
  sql: string;
  header: Header;
}

/** One migration: a number and a name, the SQL that applies it, and the SQL that reverts it. */
export interface Migration {
  /** Such as `0001_users`. */
  name: string;
  number: number;
  up: Script;
  /** Absent only where the header says `reversible=no`. */
  down: Script | undefined;
  /**
   * SHA-256 (hex) of the up file's text, after a byte order mark and Windows line ends are taken
   * out.
   */
  checksum: string;
  /** The same of the down file. */
  downChecksum: string | undefined;
  /** `undefined`: its header does not say. */
  phase: Phase | undefined;
  reversible: boolean;
}

const filePattern = /^(?<name>(?<number>\d{4})_[a-z0-9_]+)\.(?<direction>up|down)\.sql$/;

/**
 * What is refused unless it is a migration's name. To pass over a file such as
 * `0005_topics.up.SQL` or `0005_topics.up.sql.txt` would release without it.
 */
const meantAsMigration = /^(?!\.).*\.sql$|^\d.*\.(?:up|down|sql)\b/i;

/**
 * Reads a folder of `NNNN_name.up.sql` and `NNNN_name.down.sql` files. A folder that could be
 * misunderstood is refused here, before a database is touched. The SQL itself is not read:
 * `checkMigrations` does that.
 *
 * @returns the migrations in the order of their numbers
 * @throws {MigrationError} `usage`, `badFile`, `duplicateNumber` or `missingDown`
 */
export function readMigrations(folder: string): Migration[] {
  const migrations = listMigrations(folder).map((entry) => readMigration(folder, entry));
  refuseDuplicates(migrations);
  const names = new Set<string>();
  for (const { name, up } of migrations) {
    const { completes } = up.header;
    if (completes && !names.has(completes)) {
      throw new MigrationError(
        'badFile',
        `${up.file}: completes=${completes}, but no migration before it has that name.`,
      );
    }
    names.add(name);
  }
  return migrations;
}

/** A migration as the folder's listing shows it: nothing has been read yet. */
export interface ListedMigration {
  name: string;
  number: number;
  directions: ('up' | 'down')[];
}

/** The names in a folder in the order of their numbers, numbers used twice included. */
export function listMigrations(folder: string): ListedMigration[] {
  const found = new Map<string, ListedMigration>();
  for (const file of listSql(folder)) {
    const match = filePattern.exec(file);
    if (!match?.groups) {
      throw new MigrationError(
        'badFile',
        `${file}: not a migration's name. Write NNNN_lower_case_words.up.sql and .down.sql, such as 0005_topics.up.sql.`,
      );
    }
    const { name = '', number = '', direction = '' } = match.groups;
    const entry = found.get(name) ?? { name, number: Number(number), directions: [] };
    entry.directions.push(direction as 'up' | 'down');
    found.set(name, entry);
  }
  return [...found.values()].sort((a, b) => a.number - b.number || (a.name < b.name ? -1 : 1));
}

function readMigration(folder: string, { name, number, directions }: ListedMigration): Migration {
  if (!directions.includes('up')) {
    throw new MigrationError('badFile', `${name}.down.sql has no ${name}.up.sql beside it.`);
  }
  const up = readScript(folder, `${name}.up.sql`);
  const { phase, reversible = true } = up.header;
  const hasDown = directions.includes('down');
  if (!hasDown && reversible) {
    throw new MigrationError(
      'missingDown',
      `${name}.down.sql is missing. Write how it is reverted, or \`reversible=no\` in the header of ${up.file}.`,
    );
  }
  const down = hasDown ? readScript(folder, `${name}.down.sql`) : undefined;
  return {
    name,
    number,
    up,
    down,
    checksum: checksumOf(up.sql),
    downChecksum: down && checksumOf(down.sql),
    phase,
    reversible,
  };
}

function readScript(folder: string, file: string): Script {
  const sql = decode(file, readFileSync(join(folder, file)));
  return { file, sql, header: readHeader(file, sql) };
}

/**
 * The checksum that the database remembers of an applied file. Line ends do not count: git may
 * change them.
 */
function checksumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function listSql(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => meantAsMigration.test(file))
      .sort();
  } catch (error) {
    throw new MigrationError(
      'usage',
      `Cannot read the migrations folder ${folder}. Does it exist?`,
      { cause: error },
    );
  }
}

/** UTF-8 without its byte order mark, with `\n` line ends. */
function decode(file: string, bytes: Buffer): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).replaceAll('\r\n', '\n');
  } catch (error) {
    throw new MigrationError('badFile', `${file}: not UTF-8. Save it as UTF-8 and try again.`, {
      cause: error,
    });
  }
  if (text.includes('\0'))
    throw new MigrationError(
      'badFile',
      `${file}: contains a NUL byte, which Postgres cannot take.`,
    );
  return text;
}

function refuseDuplicates(migrations: Migration[]): void {
  migrations.forEach((migration, index) => {
    const next = migrations[index + 1];
    if (next && next.number === migration.number) {
      throw new MigrationError(
        'duplicateNumber',
        `${migration.name} and ${next.name} have the same number. \`migrate renumber NAME\` gives the newer one the next free number.`,
      );
    }
  });
}
