import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestPostgres } from '../../../tests/support/postgres.ts';
import { locksOf } from './locksOf.ts';
import { parseSql } from './parse.ts';

// Compares the locks that `plan` reads from the SQL with those that Postgres takes.

let postgres: TestPostgres;
let client: pg.Client;
beforeAll(async () => {
  postgres = await TestPostgres.start();
  client = new pg.Client(await postgres.createDatabase());
  await client.connect();
  await client.query(`
    CREATE TABLE u (id int PRIMARY KEY);
    CREATE TABLE t (id int PRIMARY KEY, a int, b text, CONSTRAINT positive CHECK (a > 0) NOT VALID);
    CREATE INDEX ti ON t (a);
    CREATE TABLE p (id int) PARTITION BY LIST (id);
    CREATE MATERIALIZED VIEW m AS SELECT 1 AS one;
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';`);
});
afterAll(async () => {
  await client?.end();
  await postgres?.stop();
});

test.each([
  'CREATE TABLE n (id int REFERENCES u (id))',
  'CREATE TABLE n PARTITION OF p DEFAULT',
  'CREATE TABLE n () INHERITS (u)',
  'CREATE TABLE n (LIKE t)',
  'CREATE TABLE n AS SELECT * FROM t',
  'CREATE OR REPLACE VIEW v AS SELECT * FROM t',
  'CREATE INDEX n ON t (b)',
  'ALTER TABLE t ADD COLUMN n int NOT NULL DEFAULT 0',
  'ALTER TABLE t ADD COLUMN n int REFERENCES u (id)',
  'ALTER TABLE t ADD CONSTRAINT n FOREIGN KEY (a) REFERENCES u (id) NOT VALID',
  'ALTER TABLE t VALIDATE CONSTRAINT positive',
  'ALTER TABLE t VALIDATE CONSTRAINT positive, ALTER COLUMN a SET NOT NULL',
  'ALTER TABLE t ALTER COLUMN a SET STATISTICS 100',
  'ALTER TABLE t ALTER COLUMN a TYPE bigint',
  'ALTER TABLE t SET (fillfactor = 90)',
  'ALTER TABLE t DISABLE TRIGGER USER',
  'ALTER TABLE t RENAME TO n',
  'ALTER TABLE t RENAME COLUMN a TO n',
  'ALTER TABLE t RENAME CONSTRAINT positive TO n',
  'ALTER INDEX ti RENAME TO n',
  'CREATE TRIGGER n BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()',
  'CREATE POLICY n ON t USING (true)',
  'CREATE STATISTICS n ON a, b FROM t',
  "COMMENT ON TABLE t IS 'from u'",
  "COMMENT ON COLUMN t.a IS 'n'",
  'INSERT INTO t (id) SELECT id FROM u',
  'UPDATE t SET b = (SELECT id::text FROM u LIMIT 1)',
  'DELETE FROM t USING u WHERE t.id = u.id',
  'SELECT * FROM t JOIN u USING (id)',
  'SELECT * FROM t FOR UPDATE',
  'WITH old AS (DELETE FROM t RETURNING id) INSERT INTO u SELECT id + 100 FROM old',
  'TRUNCATE t',
  'DROP TABLE t, u',
  'REFRESH MATERIALIZED VIEW m',
  'LOCK TABLE t IN SHARE MODE',
  'LOCK t',
])('%s', async (sql) => {
  await client.query('BEGIN');
  try {
    await client.query(sql);
    const { rows } = await client.query<{ on: string; mode: string }>(
      `SELECT DISTINCT relation::regclass::text AS on, mode FROM pg_locks
        WHERE pid = pg_backend_pid() AND locktype = 'relation' AND mode <> 'AccessShareLock'`,
    );
    const read = locksOf((await parseSql('f', sql))[0]!.tree);
    const taken = new Map<string, string[]>();
    for (const { on, mode } of rows)
      taken.set(on, [...(taken.get(on) ?? []), mode.replace(/Lock$/, '')]);
    for (const { on, mode } of read ?? []) {
      // A table that was renamed or dropped no longer has the name that was read.
      const renamed = /RENAME|DROP/.test(sql);
      if (mode !== 'AccessShare' && !renamed)
        expect(taken.get(on), `${mode} on ${on}`).toContain(mode);
    }
    // Nothing on the tables that stand there already may be stronger than what was read.
    const strongestRead = new Map(read?.map(({ on, mode }) => [on, mode]));
    const strength = [
      'AccessShare',
      'RowShare',
      'RowExclusive',
      'ShareUpdateExclusive',
      'Share',
      'ShareRowExclusive',
      'Exclusive',
      'AccessExclusive',
    ];
    for (const table of ['t', 'u']) {
      for (const mode of taken.get(table) ?? []) {
        expect(strength.indexOf(mode), `${mode} on ${table}`).toBeLessThanOrEqual(
          strength.indexOf(strongestRead.get(table) ?? ''),
        );
      }
    }
  } finally {
    await client.query('ROLLBACK');
  }
});
