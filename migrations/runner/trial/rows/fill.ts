import type { Client } from 'pg';
import { MigrationError } from '../../exit.ts';
import { readTables, type Column, type Table } from './catalog.ts';
import {
  combinations,
  groupsOf,
  inOrder,
  insertInto,
  unfillable,
  type Choice,
  type Group,
} from './fillPlan.ts';
import { settingsFile, type RehearsalSettings } from '../settings.ts';

/** The newest error that Postgres gave, to explain a table that no values fit. */
type Refusal = { message: string; column?: string; constraint?: string };

/**
 * Gives every empty table rows that satisfy its types, checks, keys and unique indexes. A table
 * that holds rows already (those that a migration put there) is left alone, unless the settings
 * name it.
 *
 * @returns what was filled, with the number of rows
 * @throws {MigrationError} `usage`, naming the table and what cannot be satisfied
 */
export async function fillTables(
  client: Client,
  schema: string,
  settings: RehearsalSettings,
  say: (line: string) => void,
): Promise<Map<string, number>> {
  const tables = await readTables(client, schema);
  const filled = new Map<string, number>();
  for (const { table, empty } of inOrder(tables)) {
    const has = table.filled ? await count(client, table.sql) : 0;
    const asked = settings.tableRows.get(table.name) ?? (has > 0 ? has : settings.rows);
    if (asked <= has) continue;
    const started = performance.now();
    const own = settings.fill.get(table.name);
    const rows = own
      ? await runOwn(client, table, own, asked - has)
      : await generate(client, table, empty, asked - has, has, say);
    // As after autovacuum: the first to look at a row does not have to write, and the planner knows
    // the sizes.
    await client.query(`VACUUM (ANALYZE) ${table.sql}`);
    filled.set(table.name, rows);
    if (performance.now() - started > 1_000)
      say(
        `filled ${table.name} with ${rows} rows in ${Math.round((performance.now() - started) / 100) / 10} s`,
      );
  }
  return filled;
}

async function runOwn(client: Client, table: Table, sql: string, rows: number): Promise<number> {
  try {
    await client.query(sql.replaceAll(':rows', String(rows)));
  } catch (error) {
    throw new MigrationError(
      'usage',
      `${settingsFile}: the statement that fills ${table.name} failed: ${(error as Error).message}.`,
      {
        cause: error,
      },
    );
  }
  return count(client, table.sql);
}

async function generate(
  client: Client,
  table: Table,
  empty: Set<string>,
  rows: number,
  from: number,
  say: (line: string) => void,
): Promise<number> {
  const keys = new Map<number, number>();
  for (const { target, targetSql } of table.foreignKeys)
    keys.set(target, await count(client, targetSql));
  const chosen = new Map<string, Choice>();
  for (const group of groupsOf(table, empty, keys)) {
    const choices = await choose(client, table, group, rows + from);
    group.columns.forEach(({ column }, i) =>
      chosen.set(column.name, choices[i] ?? { kind: 'default' }),
    );
  }
  const insert = insertInto(table, chosen, rows, from);
  if (insert.limit)
    say(
      `${table.name} gets ${insert.rows} rows: its unique index ${insert.limit} has room for no more`,
    );
  try {
    await client.query('BEGIN');
    // What is generated refers to rows that are there; looking each up again, and triggers, would
    // take most of the time.
    await client
      .query('SAVEPOINT keys; SET LOCAL session_replication_role = replica')
      .catch(() => client.query('ROLLBACK TO keys'));
    await client.query(insert.sql);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw unfillable(table.name, told(error as Refusal), error);
  }
  return insert.rows;
}

/**
 * The first combination of values that every check lets through, tried by Postgres itself on the
 * first and the last rows.
 */
async function choose(client: Client, table: Table, group: Group, rows: number): Promise<Choice[]> {
  // What Postgres makes itself is known to it alone; the insert will tell.
  const made = new Set(
    group.columns.filter(({ column }) => column.made).map(({ column }) => column.name),
  );
  const checks = group.checks.filter(({ columns }) => !columns.some((name) => made.has(name)));
  const condition =
    checks.map(({ expression }) => `coalesce((${expression}), true)`).join(' AND ') || 'true';
  let refusal: Refusal | undefined;
  for (const choices of combinations(group)) {
    const columns = group.columns.flatMap(({ column }, i) =>
      column.made ? [] : [`${sample(column, choices[i])} AS ${quote(column.name)}`],
    );
    if (columns.length === 0) return choices;
    try {
      const { rows: found } = await client.query<{ ok: boolean }>(
        // OFFSET 0: a constant must not be folded into the condition before a row is there.
        `SELECT bool_and(${condition}) AS ok FROM (
           SELECT ${columns.join(', ')} FROM (SELECT generate_series(0, least(99, ${rows - 1}))::bigint AS n
             UNION SELECT generate_series(greatest(0, ${rows - 100}), ${rows - 1})) AS numbers OFFSET 0) AS tried`,
      );
      if (found[0]?.ok) return choices;
    } catch (error) {
      refusal = error as Refusal;
    }
  }
  const names = group.columns.map(({ column }) => column.name).join(', ');
  const which = checks.map(({ name, expression }) => `${name}: ${expression}`).join('; ');
  throw unfillable(
    table.name,
    which
      ? `no values were found for ${names} that its check lets through (${which})`
      : `no values were found for ${names} (${refusal?.message ?? ''})`,
  );
}

function sample(column: Column, choice: Choice | undefined): string {
  if (!choice || choice.kind === 'null') return `NULL::${column.castTo}`;
  if (choice.kind === 'default') return `(${column.default ?? 'NULL'})::${column.castTo}`;
  return choice.values.sql('n');
}

function told({ message, column, constraint }: Refusal): string {
  const where = [column && `column ${column}`, constraint && `constraint ${constraint}`]
    .filter(Boolean)
    .join(', ');
  return where ? `${message} (${where})` : message;
}

async function count(client: Client, table: string): Promise<number> {
  const { rows } = await client.query<{ n: string }>(`SELECT count(*) AS n FROM ${table}`);
  return Number(rows[0]?.n ?? 0);
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
