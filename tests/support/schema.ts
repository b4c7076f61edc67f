import type { TestPostgres } from './postgres.ts';

/**
 * Everything in the schema `public` as the catalog has it, and every row of every table but the
 * bookkeeping's, a line each: two databases with the same lines are alike. Whether an index is
 * valid is a part of it.
 */
export async function describeSchema(postgres: TestPostgres, url: string): Promise<string[]> {
  const rows = await postgres.query(
    `SELECT format('column %s.%s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                   pg_get_expr(d.adbin, d.adrelid)) AS line
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
     UNION ALL
     SELECT format('constraint %s %s', conrelid::regclass, pg_get_constraintdef(oid))
       FROM pg_constraint WHERE connamespace = 'public'::regnamespace
     UNION ALL
     SELECT format('index %s valid %s', pg_get_indexdef(indexrelid), indisvalid)
       FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE c.relnamespace = 'public'::regnamespace
     UNION ALL
     SELECT format('%s %s', relkind, relname) FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind NOT IN ('r', 'i')
     UNION ALL
     SELECT format('function %s', pg_get_functiondef(oid)) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
     UNION ALL
     SELECT format('rows %s %s', c.relname,
                   query_to_xml(format('SELECT * FROM %s t ORDER BY t::text', c.oid::regclass), false, false, ''))
       FROM pg_class c
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname NOT LIKE 'slipway%'
     ORDER BY 1`,
    url,
  );
  return rows.map(({ line }) => String(line));
}
