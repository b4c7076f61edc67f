import { expect, test } from 'vitest';
import * as tree from './locksOf.ts';
import { parseSql } from './parse.ts';

const first = async (sql: string) => (await parseSql('f', sql))[0]!.tree;
const locksOf = async (sql: string) => tree.locksOf(await first(sql));
const createdTable = async (sql: string) => tree.createdTable(await first(sql));

test.each([
  [
    'CREATE TABLE t (id int REFERENCES "users" (id))',
    { t: 'AccessExclusive', users: 'ShareRowExclusive' },
  ],
  ['CREATE UNIQUE INDEX i ON app.t (lower(a))', { 'app.t': 'Share' }],
  ['CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)', { t: 'ShareUpdateExclusive' }],
  ['ALTER TABLE t ADD COLUMN a int', { t: 'AccessExclusive' }],
  [
    'ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (id) NOT VALID',
    { t: 'ShareRowExclusive', u: 'ShareRowExclusive' },
  ],
  ['ALTER TABLE t VALIDATE CONSTRAINT f', { t: 'ShareUpdateExclusive' }],
  ['ALTER TABLE t VALIDATE CONSTRAINT f, ADD CHECK (a IN (1, 2))', { t: 'AccessExclusive' }],
  ['DROP TABLE IF EXISTS a, "B c" CASCADE', { a: 'AccessExclusive', '"B c"': 'AccessExclusive' }],
  ['INSERT INTO t SELECT 1 FROM u', { t: 'RowExclusive', u: 'AccessShare' }],
  ["UPDATE t SET a = 'x from y' WHERE b", { t: 'RowExclusive' }],
  ['DELETE FROM t', { t: 'RowExclusive' }],
  ['SELECT * FROM t JOIN u ON true FOR UPDATE', { t: 'RowShare', u: 'RowShare' }],
  ['LOCK TABLE t IN SHARE ROW EXCLUSIVE MODE', { t: 'ShareRowExclusive' }],
  ['UPDATE t SET a = $$x FROM y JOIN z$$', { t: 'RowExclusive' }],
  [
    'WITH old AS (DELETE FROM t RETURNING *) INSERT INTO u SELECT * FROM old',
    { t: 'RowExclusive', u: 'RowExclusive' },
  ],
  ['SELECT * FROM t JOIN u ON true FOR UPDATE OF u', { t: 'AccessShare', u: 'RowShare' }],
  [
    'ALTER TABLE IF EXISTS only "Odd; name".t RENAME CONSTRAINT a TO b',
    { '"Odd; name".t': 'AccessExclusive' },
  ],
  ['ALTER TABLE t ATTACH PARTITION p DEFAULT', { t: 'ShareUpdateExclusive', p: 'AccessExclusive' }],
  ['DROP /* not t */ TABLE/**/t', { t: 'AccessExclusive' }],
  ['DROP TRIGGER IF EXISTS x ON app.t', { 'app.t': 'AccessExclusive' }],
  ['VACUUM FULL t', { t: 'AccessExclusive' }],
  ['VACUUM (ANALYZE) t', { t: 'ShareUpdateExclusive' }],
  ['CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 FROM t $$', {}],
])('%s', async (sql, locks) => {
  expect(
    Object.fromEntries(((await locksOf(sql)) ?? []).map(({ on, mode }) => [on, mode])),
  ).toEqual(locks);
});

test('what may do anything is not read', async () => {
  expect(await locksOf('DO $$ BEGIN PERFORM 1; END $$')).toBeUndefined();
  expect(await locksOf('CALL p()')).toBeUndefined();
});

test('a table that is made is told apart', async () => {
  expect(await createdTable('CREATE TABLE IF NOT EXISTS t (a int REFERENCES u)')).toBe('t');
  expect(await createdTable('CREATE INDEX i ON t (a)')).toBeUndefined();
});
