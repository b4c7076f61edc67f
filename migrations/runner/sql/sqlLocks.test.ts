import { expect, test } from 'vitest';
import { createdTable, locksOf } from './sqlLocks.ts';

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
  ['VACUUM FULL t', { t: 'AccessExclusive' }],
  ['VACUUM (ANALYZE) t', { t: 'ShareUpdateExclusive' }],
  ['CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 FROM t $$', {}],
])('%s', (sql, locks) => {
  expect(Object.fromEntries((locksOf(sql) ?? []).map(({ on, mode }) => [on, mode]))).toEqual(locks);
});

test('what may do anything is not read', () => {
  expect(locksOf('DO $$ BEGIN PERFORM 1; END $$')).toBeUndefined();
  expect(locksOf('CALL p()')).toBeUndefined();
});

test('a table that is made is told apart', () => {
  expect(createdTable('CREATE TABLE IF NOT EXISTS t (a int REFERENCES u)')).toBe('t');
  expect(createdTable('CREATE INDEX i ON t (a)')).toBeUndefined();
});
