import { MigrationError } from '../../exit.ts';
import type { Check, Column, ForeignKey, Table } from './catalog.ts';
import { settingsFile } from '../settings.ts';
import { valuesFor, type Values } from './values.ts';

/** What a column of the rows that are generated holds. */
export type Choice =
  | { kind: 'values'; values: Values }
  /** The key of a row that a foreign key refers to. */
  | { kind: 'reference'; key: ForeignKey; values: Values }
  | { kind: 'null' }
  /** The column's default, or what Postgres makes. */
  | { kind: 'default' };

/** Columns that have to be chosen together, because a check names more than one of them. */
export interface Group {
  columns: { column: Column; choices: Choice[] }[];
  checks: Check[];
}

/** What a person can do about a table that cannot be filled. */
export function unfillable(table: string, why: string, cause?: unknown): MigrationError {
  return new MigrationError(
    'usage',
    `The table ${table} cannot be filled with generated rows: ${why}. Leave it empty with \`--rows ${table}=0\`, or write the ` +
      `statement that fills it into ${settingsFile} beside the migrations: {"fill": {"${table}": "INSERT INTO ${table} … FROM generate_series(1, :rows) …"}}.`,
    { cause },
  );
}

/**
 * Puts tables after those that they refer to. Of a circle, and of a table that refers to itself,
 * keys that may be empty stay empty.
 *
 * @returns the tables in order, and for each the names of the foreign keys that stay empty
 * @throws {MigrationError} `usage` for a circle of keys that are all needed
 */
export function inOrder(tables: Table[]): { table: Table; empty: Set<string> }[] {
  const left = new Map(tables.map((table) => [table.oid, table]));
  const empty = new Map(tables.map(({ oid }) => [oid, new Set<string>()]));
  const optional = (table: Table, key: ForeignKey): boolean =>
    key.columns.some((name) => !table.columns.find((column) => column.name === name)?.notNull);
  const waitsFor = (table: Table): ForeignKey[] =>
    table.foreignKeys.filter(
      ({ name, target }) => left.has(target) && !empty.get(table.oid)?.has(name),
    );
  const done: { table: Table; empty: Set<string> }[] = [];
  for (const table of tables) {
    for (const key of table.foreignKeys.filter(
      ({ target }) => target === table.oid && !table.filled,
    )) {
      if (!optional(table, key))
        throw unfillable(
          table.name,
          `its first row would have to refer to one before it (${key.name}, ${key.columns.join(', ')} NOT NULL)`,
        );
      empty.get(table.oid)?.add(key.name);
    }
  }
  while (left.size > 0) {
    const ready = [...left.values()].find((table) => waitsFor(table).length === 0);
    if (ready) {
      left.delete(ready.oid);
      done.push({ table: ready, empty: empty.get(ready.oid) ?? new Set() });
      continue;
    }
    const open = [...left.values()].flatMap((table) =>
      waitsFor(table).map((key) => ({ table, key })),
    );
    const loose = open.find(({ table, key }) => optional(table, key));
    if (!loose) {
      const circle = open
        .map(({ table, key }) => `${table.name} → ${key.targetName} (${key.name})`)
        .join(', ');
      throw unfillable(
        open[0]?.table.name ?? '?',
        `foreign keys that may not be empty go in a circle: ${circle}`,
      );
    }
    empty.get(loose.table.oid)?.add(loose.key.name);
  }
  return done;
}

/**
 * What each column may hold, likeliest first.
 *
 * @param empty names of the foreign keys that stay empty
 * @param keys how many rows each table has that is referred to, by its number
 */
export function groupsOf(table: Table, empty: Set<string>, keys: Map<number, number>): Group[] {
  const unique = new Set(table.uniques.flatMap(({ columns }) => columns));
  const options = table.columns.map((column, place) => ({
    column,
    choices: choicesFor(column, place),
  }));
  function choicesFor(column: Column, place: number): Choice[] {
    if (column.made) return [{ kind: 'default' }];
    const nothing: Choice[] = column.notNull ? [] : [{ kind: 'null' }];
    const conditions = table.checks.filter(({ columns }) => columns.includes(column.name));
    const key = table.foreignKeys.find(({ columns }) => columns.includes(column.name));
    const ways = valuesFor(
      column,
      conditions.map(({ expression }) => expression),
      place,
    );
    if (key) {
      const size = keys.get(key.target) ?? 0;
      if (size > 0 && !empty.has(key.name)) {
        const like = ways[0]?.sql ?? (() => 'NULL');
        return [{ kind: 'reference', key, values: { sql: like, size } }, ...nothing];
      }
      if (nothing.length > 0) return nothing;
      // A key with another column that is empty refers to nothing, so this one is free.
      const free = key.columns.some(
        (name) => !table.columns.find((other) => other.name === name)?.notNull,
      );
      if (!free)
        throw unfillable(
          table.name,
          `${column.name} refers to ${key.targetName}, which has no rows (${key.name})`,
        );
    }
    const fallback: Choice[] = column.default === null ? [] : [{ kind: 'default' }];
    const values = ways.map((way): Choice => ({ kind: 'values', values: way }));
    const usesDefault =
      fallback.length > 0 &&
      (!unique.has(column.name) || /nextval|uuid/i.test(column.default ?? ''));
    const all = usesDefault
      ? [...fallback, ...values, ...nothing]
      : [...values, ...fallback, ...nothing];
    if (all.length === 0)
      throw unfillable(
        table.name,
        `nothing is known of the type ${column.castTo} of its column ${column.name}, which may not be empty`,
      );
    return all;
  }
  return together(options, table.checks);
}

function together(options: Group['columns'], checks: Check[]): Group[] {
  const groups: Group[] = options.map((option) => ({ columns: [option], checks: [] }));
  for (const check of checks) {
    const joined = groups.filter(({ columns }) =>
      columns.some(({ column }) => check.columns.includes(column.name)),
    );
    const [first, ...others] = joined;
    if (!first) continue;
    for (const other of others) {
      first.columns.push(...other.columns);
      first.checks.push(...other.checks);
      groups.splice(groups.indexOf(other), 1);
    }
    first.checks.push(check);
  }
  return groups;
}

/** Combinations of what a group's columns may hold, those with the likeliest choices first. */
export function* combinations(group: Group, most = 3_000): Generator<Choice[]> {
  const lengths = group.columns.map(({ choices }) => choices.length);
  let given = 0;
  // By the sum of the places in the lists: first every column's first choice, then all with one
  // second choice, and so on.
  for (let sum = 0; sum <= lengths.reduce((a, n) => a + n - 1, 0); sum++) {
    for (const places of placesOf(lengths, sum)) {
      if (given++ >= most) return;
      yield places.flatMap((place, i) => group.columns[i]?.choices[place] ?? []);
    }
  }
}

function* placesOf(lengths: number[], sum: number): Generator<number[]> {
  const [length, ...rest] = lengths;
  if (length === undefined) {
    if (sum === 0) yield [];
    return;
  }
  for (let place = 0; place < length && place <= sum; place++)
    for (const others of placesOf(rest, sum - place)) yield [place, ...others];
}

export interface Insert {
  sql: string;
  /** How many rows it makes: fewer than asked for where a unique index has no room for more. */
  rows: number;
  /** The unique index that has no room for more. */
  limit: string | undefined;
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * The statement that fills a table, all rows at once.
 *
 * @param from the number of the first row: those before it are there already
 */
export function insertInto(
  table: Table,
  chosen: Map<string, Choice>,
  rows: number,
  from: number,
): Insert {
  const sizeOf = (name: string): number => {
    const choice = chosen.get(name);
    if (!choice || choice.kind === 'null' || choice.kind === 'default')
      return Number.MAX_SAFE_INTEGER;
    return choice.values.size;
  };
  const digits = new Map<string, string>();
  let most = rows + from;
  let limit: string | undefined;
  for (const { name, columns } of table.uniques) {
    if (
      columns.length === 0 ||
      columns.some((column) => sizeOf(column) >= rows + from && !digits.has(column))
    )
      continue;
    const [only = ''] = columns;
    const choice = chosen.get(only);
    if (
      columns.length === 1 &&
      choice?.kind === 'reference' &&
      !table.columns.find(({ name: own }) => own === only)?.notNull
    ) {
      // One row for each that is referred to; the others refer to none.
      digits.set(only, 'n');
      continue;
    }
    let divisor = 1;
    let first = '';
    for (const column of columns) {
      const size = sizeOf(column);
      const place = divisor === 1 ? 'n' : `n / ${divisor}`;
      // The shift spreads pairs over both tables; it keeps different what was different.
      if (!digits.has(column))
        digits.set(
          column,
          first && divisor > 1 ? `(${place} + ${first}) % ${size}` : `(${place}) % ${size}`,
        );
      if (divisor === 1) first = `n % ${size}`;
      divisor = Math.min(Number.MAX_SAFE_INTEGER, divisor * size);
    }
    if (divisor < most) {
      most = divisor;
      limit = name;
    }
  }
  const columns: string[] = [];
  const values: string[] = [];
  const sources = new Map<string, string>();
  const joins: string[] = [];
  for (const { name } of table.columns) {
    const choice = chosen.get(name);
    if (!choice || choice.kind === 'null' || choice.kind === 'default') {
      if (choice?.kind === 'null') {
        columns.push(quote(name));
        values.push('NULL');
      }
      continue;
    }
    columns.push(quote(name));
    const digit = digits.get(name) ?? 'n';
    if (choice.kind === 'values') {
      values.push(choice.values.sql(digit));
      continue;
    }
    const { key } = choice;
    const alias = sources.get(key.name) ?? `k${sources.size}`;
    if (!sources.has(key.name)) {
      sources.set(key.name, alias);
      const digitOfKey =
        key.columns.map((column) => digits.get(column)).find(Boolean) ??
        `n % ${choice.values.size}`;
      joins.push(`LEFT JOIN ${alias} ON ${alias}.i = ${digitOfKey}`);
    }
    values.push(`${alias}.c${key.columns.indexOf(name)}`);
  }
  if (columns.length === 0) {
    return {
      sql: `INSERT INTO ${table.sql} SELECT FROM generate_series(${from}, ${most - 1}::bigint) AS n`,
      rows: most - from,
      limit,
    };
  }
  return {
    sql: [
      `INSERT INTO ${table.sql} (${columns.join(', ')})`,
      ...withKeys(table, sources),
      `SELECT ${values.join(', ')}`,
      `FROM generate_series(${from}, ${most - 1}::bigint) AS n`,
      ...joins,
    ].join('\n'),
    rows: Math.max(0, most - from),
    limit,
  };
}

function withKeys(table: Table, sources: Map<string, string>): string[] {
  const parts = [...sources].map(([name, alias]) => {
    const key = table.foreignKeys.find((candidate) => candidate.name === name);
    const columns =
      key?.targetColumns.map((column, i) => `${quote(column)} AS c${i}`).join(', ') ?? '';
    return `${alias} AS MATERIALIZED (SELECT row_number() OVER () - 1 AS i, ${columns} FROM ${key?.targetSql ?? ''})`;
  });
  return parts.length > 0 ? [`WITH ${parts.join(',\n  ')}`] : [];
}
