import type { Client } from 'pg';
import { MigrationError } from '../../exit.ts';
import { readTables, type Column, type ForeignKey, type Table } from './catalog.ts';
import { inOrder, insertInto, keyOf, quote, unfillable, type Placed } from './fillPlan.ts';
import { valuesFor } from './values.ts';
import { settingsFile, type TrialSettings } from '../settings.ts';

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
  settings: TrialSettings,
  say: (line: string) => void,
): Promise<Map<string, number>> {
  const tables = await readTables(client, schema);
  const filled = new Map<string, number>();
  for (const placed of inOrder(tables)) {
    const { table } = placed;
    const has = table.filled ? await count(client, table.sql) : 0;
    const asked = settings.tableRows.get(table.name) ?? (has > 0 ? has : settings.rows);
    if (asked <= has) continue;
    const started = performance.now();
    const own = settings.fill.get(table.name);
    const rows = own
      ? await runOwn(client, table, own, asked - has)
      : await generate(client, placed, asked - has, has, say);
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
  placed: Placed,
  rows: number,
  from: number,
  say: (line: string) => void,
): Promise<number> {
  const { table } = placed;
  const sizes = new Map<number, number>();
  for (const { target, targetSql } of table.foreignKeys)
    sizes.set(target, await count(client, targetSql));
  const chosen = new Map<string, string | ForeignKey>();
  for (const [place, column] of table.columns.entries()) {
    const key = column.made ? undefined : keyOf(placed, column, sizes);
    const way = key ?? (key === null ? 'NULL' : await choose(client, table, column, place));
    if (way !== undefined) chosen.set(column.name, way);
  }
  let made: number;
  try {
    await client.query('BEGIN');
    // The rows that are referred to are there. To look each up again, and triggers, would take most
    // of the time.
    await client
      .query('SAVEPOINT keys; SET LOCAL session_replication_role = replica')
      .catch(() => client.query('ROLLBACK TO keys'));
    const insert = insertInto(table, chosen, sizes, [from, from + rows]);
    made = (await client.query(insert)).rowCount ?? 0;
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw unfillable(table, told(table, error as Refusal), error);
  }
  if (made < rows) say(`${table.name} gets ${made} rows: its unique indexes let no more in`);
  return made;
}

/**
 * The first way to make values that the checks on this column alone let through. Postgres tries
 * each on a hundred rows. Checks on several columns are left to the insert.
 *
 * @returns SQL, or `undefined` for the column's default
 */
async function choose(
  client: Client,
  table: Table,
  column: Column,
  place: number,
): Promise<string | undefined> {
  // A default is no value where rows have to differ, unless it makes another one each time.
  const differs = /nextval|uuid/i.test(column.default ?? '');
  if (column.made || (column.default !== null && (!column.unique || differs))) return undefined;
  const checks = table.checks
    .filter(({ columns }) => columns.every((name) => name === column.name))
    .map(({ expression }) => `(${expression})`);
  for (const way of valuesFor(column, checks, place)) {
    try {
      const { rows } = await client.query<{ ok: boolean }>(
        // OFFSET 0: a constant must not be folded into the condition before a row is there.
        `SELECT bool_and(coalesce(${checks.join(' AND ') || 'true'}, true)) AS ok FROM (
           SELECT ${way} AS ${quote(column.name)} FROM generate_series(0, 99::bigint) AS n OFFSET 0) AS tried`,
      );
      if (rows[0]?.ok) return way;
    } catch {
      // The type, or the check of a domain, does not take this one.
    }
  }
  if (!column.notNull) return 'NULL';
  if (column.default !== null) return undefined;
  const why = checks.length > 0 ? `its check lets through: ${checks.join(', ')}` : 'its type takes';
  throw unfillable(
    table,
    `no simple value was found for the column ${column.name} (${column.castTo}) that ${why}`,
  );
}

function told(table: Table, { message, column, constraint }: Refusal): string {
  const check = table.checks.find(({ name }) => name === constraint);
  const names = table.columns.map(({ name }) => name);
  const together = names.filter((name) => check?.columns.includes(name));
  if (check)
    return `the values of ${together.join(', ')} have to fit each other (${check.name}: ${check.expression})`;
  const where = [column && `column ${column}`, constraint && `constraint ${constraint}`]
    .filter(Boolean)
    .join(', ');
  return where ? `${message} (${where})` : message;
}

async function count(client: Client, table: string): Promise<number> {
  const { rows } = await client.query<{ n: string }>(`SELECT count(*) AS n FROM ${table}`);
  return Number(rows[0]?.n ?? 0);
}
