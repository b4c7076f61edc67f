import type { Client } from 'pg';

export interface Column {
  name: string;
  /** As it is written in SQL, such as `character varying(40)`. A domain's is the type below it. */
  type: string;
  /** The type that a value is cast to: the column's own, which may be a domain. */
  castTo: string;
  /**
   * Postgres' type category: `S` text, `N` number, `B` boolean, `D` date and time, `A` array, `E`
   * enum, `U` other …
   */
  category: string;
  /** The labels of an enum, or of an array's element that is one. */
  labels: string[] | null;
  notNull: boolean;
  /** The default as SQL. */
  default: string | null;
  /** Postgres makes the value: an identity or a generated column. */
  made: boolean;
  /** Whether it is in a unique index, by itself or with others. Expressions do not count. */
  unique: 'alone' | 'with others' | null;
}

interface Check {
  name: string;
  /** A condition on columns that are named without their table. */
  expression: string;
  columns: string[];
}

export interface ForeignKey {
  name: string;
  columns: string[];
  /** The table it refers to, by its number. */
  target: number;
  targetName: string;
  /** Quoted, with its schema. */
  targetSql: string;
  targetColumns: string[];
}

export interface Table {
  oid: number;
  name: string;
  /** Quoted, with its schema. */
  sql: string;
  columns: Column[];
  checks: Check[];
  foreignKeys: ForeignKey[];
  /** Whether it holds any row. */
  filled: boolean;
  primaryKey: string[];
}

/** Everything of the runner's own has such a name. */
const bookkeeping = 'slipway\\_migration%';

const columnsOf = (numbers: string, table: string): string =>
  `(SELECT coalesce(json_agg(attname ORDER BY place), '[]') FROM unnest(${numbers}) WITH ORDINALITY AS k (num, place)
     JOIN pg_attribute ON attrelid = ${table} AND attnum = k.num)`;

const query = `
SELECT c.oid::int AS oid, c.relname AS name,
       quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS sql,
  (SELECT coalesce(json_agg(json_build_object(
      'name', a.attname,
      'type', format_type(coalesce(nullif(t.typbasetype, 0), t.oid), CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END),
      'castTo', format_type(a.atttypid, a.atttypmod),
      'category', t.typcategory,
      'labels', (SELECT json_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum
                  WHERE enumtypid IN (t.oid, t.typbasetype, e.oid)),
      'notNull', a.attnotnull OR t.typnotnull,
      'default', CASE WHEN a.attgenerated = '' THEN coalesce(pg_get_expr(d.adbin, d.adrelid), t.typdefault) END,
      'made', a.attidentity <> '' OR a.attgenerated <> '',
      'unique', (SELECT CASE WHEN min(indnkeyatts) = 1 THEN 'alone' WHEN count(*) > 0 THEN 'with others' END
                   FROM pg_index WHERE indrelid = c.oid AND indisunique AND a.attnum = ANY (indkey::int2[]))) ORDER BY a.attnum), '[]')
     FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
     LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
     LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
  (SELECT coalesce(json_agg(checks), '[]') FROM (
     SELECT conname AS name, pg_get_expr(conbin, conrelid) AS expression, ${columnsOf('conkey', 'c.oid')} AS columns
       FROM pg_constraint WHERE conrelid = c.oid AND contype = 'c'
     UNION ALL
     SELECT k.conname, regexp_replace(pg_get_expr(k.conbin, 0), '\\mVALUE\\M', quote_ident(a.attname), 'g'), json_build_array(a.attname)
       FROM pg_attribute a JOIN pg_constraint k ON k.contypid = a.atttypid AND k.contype = 'c'
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS checks) AS checks,
  (SELECT coalesce(json_agg(json_build_object('name', conname, 'columns', ${columnsOf('conkey', 'c.oid')},
      'target', confrelid::int, 'targetName', (SELECT relname FROM pg_class WHERE oid = confrelid),
      'targetSql', (SELECT quote_ident(nspname) || '.' || quote_ident(relname) FROM pg_class r JOIN pg_namespace s ON s.oid = relnamespace WHERE r.oid = confrelid),
      'targetColumns', ${columnsOf('confkey', 'confrelid')}) ORDER BY conname), '[]')
     FROM pg_constraint WHERE conrelid = c.oid AND contype = 'f' AND conparentid = 0) AS "foreignKeys",
  (SELECT ${columnsOf('indkey::int2[]', 'c.oid')} FROM pg_index WHERE indrelid = c.oid AND indisprimary) AS "primaryKey"
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname NOT LIKE '${bookkeeping}'
 ORDER BY c.relname`;

/**
 * The tables of a schema with everything that rows have to satisfy; the runner's own are left out.
 */
export async function readTables(client: Client, schema: string): Promise<Table[]> {
  const { rows } = await client.query<
    Omit<Table, 'filled' | 'primaryKey'> & { primaryKey: string[] | null }
  >(query, [schema]);
  const tables: Table[] = [];
  for (const row of rows) {
    const found = await client.query<{ filled: boolean }>(
      `SELECT EXISTS (SELECT FROM ${row.sql}) AS filled`,
    );
    tables.push({
      ...row,
      primaryKey: row.primaryKey ?? [],
      filled: found.rows[0]?.filled ?? false,
    });
  }
  return tables;
}
