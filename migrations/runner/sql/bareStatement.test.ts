import { expect, test } from 'vitest';
import { bareStatement } from './bareStatement.ts';

test.each([
  ['CREATE INDEX CONCURRENTLY i ON t (a);', { action: 'create', name: 'i' }],
  [
    'create unique index concurrently if not exists "I x" on only app.t (a)',
    { action: 'create', name: 'app."I x"' },
  ],
  [
    '-- why\nCREATE INDEX /* not now */ CONCURRENTLY i\n  ON t (a)',
    { action: 'create', name: 'i' },
  ],
  ['DROP INDEX CONCURRENTLY IF EXISTS app.i', { action: 'drop', name: 'app.i' }],
  ['VACUUM t', undefined],
])('finds the index in %s', (sql, index) => {
  expect(bareStatement('f', sql).index).toEqual(index);
});

test('two statements are refused, with the place of the second', () => {
  expect(() => bareStatement('0001_a.up.sql', 'VACUUM a;\nVACUUM b;')).toThrow(
    /one statement only[\s\S]*line 2/,
  );
});

test('an index without a name is refused', () => {
  expect(() => bareStatement('f', 'CREATE INDEX CONCURRENTLY ON t (a)')).toThrow(
    /give the index a name/,
  );
});
