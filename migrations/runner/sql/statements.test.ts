import { expect, test } from 'vitest';
import { checkStatements, excerpt, splitStatements } from './statements.ts';

const split = (sql: string): string[] =>
  splitStatements(sql).map(({ start, end }) => sql.slice(start, end));

test('splits at semicolons and leaves comments and blanks out', () => {
  expect(split('-- one; two\nSELECT 1;\n\n/* a; /* b; */ c; */ SELECT 2 ;; ')).toEqual([
    'SELECT 1',
    'SELECT 2',
  ]);
});

test.each([
  ["SELECT ';''; ' AS a", 'a quote'],
  [String.raw`SELECT E'\';' AS a`, 'an escape string'],
  ['SELECT ";" FROM t', 'a quoted name'],
  ['DO $$ BEGIN PERFORM 1; END $$', 'a dollar quote'],
  ["DO $body$ BEGIN PERFORM '$$;'; END $body$", 'a tagged dollar quote'],
  [
    'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END',
    'an atomic body',
  ],
])('keeps %s whole: %s', (sql) => {
  expect(split(`${sql}; SELECT 2;`)).toEqual([sql, 'SELECT 2']);
});

test('a dollar parameter and a dollar inside a name start no quote', () => {
  expect(split('SELECT a$b$c; SELECT 2')).toEqual(['SELECT a$b$c', 'SELECT 2']);
});

test.each(['BEGIN', 'commit', 'ROLLBACK', 'END', 'START TRANSACTION', "PREPARE TRANSACTION 'x'"])(
  'refuses %s, which would end the transaction of the file',
  (statement) => {
    expect(() => checkStatements('0001_a.up.sql', `SELECT 1;\n${statement};`)).toThrow(
      /0001_a\.up\.sql.*not allowed[\s\S]*line 2/,
    );
  },
);

test('a savepoint inside a file is allowed', () => {
  expect(() => checkStatements('f', 'SAVEPOINT a; ROLLBACK TO a;')).not.toThrow();
});

test('an excerpt puts the caret under the place, on a very long line too', () => {
  expect(excerpt('SELECT 1;\nSELEC 2;', 10)).toBe('  line 2 | SELEC 2;\n           ^');
  const [line, caret] = excerpt(`${'x'.repeat(500)}HERE${'y'.repeat(500)}`, 500).split('\n') as [
    string,
    string,
  ];
  expect(line[caret.length - 1]).toBe('H');
  expect(line.length).toBeLessThan(140);
});
