import { MigrationError } from '../../exit.ts';
import type { Column, ForeignKey, Table } from './catalog.ts';
import { settingsFile } from '../settings.ts';

/** Tells a person what to do about a table that cannot be filled. */
export function unfillable({ name, columns }: Table, why: string, cause?: unknown): MigrationError {
  const needed = columns
    .filter((column) => column.notNull && !column.made && column.default === null)
    .map((column) => column.name)
    .join(', ');
  const statement = `INSERT INTO ${name} (${needed}) SELECT … FROM generate_series(1, :rows) AS n`;
  return new MigrationError(
    'usage',
    `The table ${name} cannot be filled with generated rows: ${why}. Leave it empty with \`--rows ${name}=0\`, or write the ` +
      `statement that fills it into ${settingsFile} beside the migrations: ${JSON.stringify({ fill: { [name]: statement } })}.`,
    { cause },
  );
}

export interface Placed {
  table: Table;
  /** Names of the foreign keys that stay empty: the rows they would refer to are not there yet. */
  empty: Set<string>;
}

/**
 * Puts tables after those that they refer to. In a circle, and in a table that refers to itself,
 * keys that may be empty stay empty.
 *
 * @throws {MigrationError} `usage` for a circle of keys that are all needed
 */
export function inOrder(tables: Table[]): Placed[] {
  const left = new Set(tables);
  const done: Placed[] = [];
  const waitsFor = (table: Table, keys = table.foreignKeys): ForeignKey[] =>
    keys.filter(({ target }) => [...left].some(({ oid }) => oid === target && oid !== table.oid));
  while (left.size > 0) {
    const open = [...left];
    const ready =
      open.find((table) => waitsFor(table).length === 0) ??
      open.find((table) => waitsFor(table, neededKeys(table)).length === 0);
    if (!ready) throw circle(open, waitsFor);
    const itself = ready.filled
      ? []
      : ready.foreignKeys.filter(({ target }) => target === ready.oid);
    const [blocked] = itself.filter((key) => neededKeys(ready).includes(key));
    if (blocked)
      throw unfillable(
        ready,
        `its first row would have to refer to one before it (${blocked.name}, ${blocked.columns.join(', ')} NOT NULL)`,
      );
    const empty = new Set([...waitsFor(ready), ...itself].map(({ name }) => name));
    left.delete(ready);
    done.push({ table: ready, empty });
  }
  return done;
}

function circle(open: Table[], waitsFor: (table: Table) => ForeignKey[]): MigrationError {
  const [first] = open as [Table];
  const arrows = open.flatMap((table) =>
    waitsFor(table).map((key) => `${table.name} → ${key.targetName} (${key.name})`),
  );
  return unfillable(
    first,
    `foreign keys that may not be empty go in a circle: ${arrows.join(', ')}`,
  );
}

/** The keys that no row can leave empty. */
function neededKeys({ foreignKeys, columns }: Table): ForeignKey[] {
  return foreignKeys.filter((key) =>
    key.columns.every((name) => columns.find((column) => column.name === name)?.notNull),
  );
}

/**
 * The foreign key that a column's values come from.
 *
 * @param sizes how many rows each table has that is referred to, by its number
 * @returns `null` where the column stays empty, `undefined` where it refers to nothing
 */
export function keyOf(
  { table, empty }: Placed,
  column: Column,
  sizes: Map<number, number>,
): ForeignKey | null | undefined {
  const key = table.foreignKeys.find(({ columns }) => columns.includes(column.name));
  if (!key) return undefined;
  if ((sizes.get(key.target) ?? 0) > 0 && !empty.has(key.name)) return key;
  if (!column.notNull) return null;
  // A key with another column that is empty refers to nothing, so this one is free.
  if (!neededKeys(table).includes(key)) return undefined;
  throw unfillable(
    table,
    `${column.name} refers to ${key.targetName}, which has no rows (${key.name})`,
  );
}

export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * The statement that fills a table, all rows at once. Rows that a unique index does not let in are
 * left out.
 *
 * @param chosen SQL of each column's value, or the key it comes from; a column that is not there
 *   gets its default
 * @param range the numbers of the first row and of the one after the last
 */
export function insertInto(
  table: Table,
  chosen: Map<string, string | ForeignKey>,
  sizes: Map<number, number>,
  range: [from: number, to: number],
): string {
  const keys = [...new Set([...chosen.values()].filter((way) => typeof way !== 'string'))];
  const values = [...chosen].map(([name, way]) =>
    typeof way === 'string' ? way : `k${keys.indexOf(way)}.c${way.columns.indexOf(name)}`,
  );
  const rows = `FROM generate_series(${range[0]}, ${range[1] - 1}::bigint) AS n`;
  if (values.length === 0) return `INSERT INTO ${table.sql} SELECT ${rows}`;
  const sources = keys.map((key, i) => {
    const columns = key.targetColumns.map((column, at) => `${quote(column)} AS c${at}`).join(', ');
    return `k${i} AS MATERIALIZED (SELECT row_number() OVER () - 1 AS i, ${columns} FROM ${key.targetSql})`;
  });
  return [
    ...(sources.length > 0 ? [`WITH ${sources.join(',\n  ')}`] : []),
    `INSERT INTO ${table.sql} (${[...chosen.keys()].map(quote).join(', ')})`,
    `SELECT ${values.join(', ')}`,
    rows,
    ...joins(table, keys, sizes),
    'ON CONFLICT DO NOTHING',
  ].join('\n');
}

/** Chooses a row of each key's table for row n: another combination for each n. */
function joins(table: Table, keys: ForeignKey[], sizes: Map<number, number>): string[] {
  const first = sizes.get(keys[0]?.target ?? 0) ?? 1;
  let divisor = 1;
  return keys.map((key, i) => {
    const size = sizes.get(key.target) ?? 1;
    const column = table.columns.find(({ name }) => name === key.columns[0]);
    const turn = i === 0 ? `n % ${size}` : `(n % ${first} + n / ${divisor}) % ${size}`;
    divisor *= size;
    // One row for each that is referred to; the others refer to none.
    const once = column?.unique === 'alone' && !column.notNull;
    return `LEFT JOIN k${i} ON k${i}.i = ${once ? 'n' : turn}`;
  });
}
