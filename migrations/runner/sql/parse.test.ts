import { expect, test } from 'vitest';
import { excerpt } from '../files/excerpt.ts';
import { parseSql } from './parse.ts';

const split = async (sql: string): Promise<string[]> =>
  (await parseSql('f', sql)).map((statement) => statement.sql);

test('splits at semicolons and leaves comments and blanks out', async () => {
  expect(await split('-- one; two\nSELECT 1;\n\n/* a; /* b; */ c; */ SELECT 2 ;; ')).toEqual([
    'SELECT 1',
    'SELECT 2',
  ]);
});

test('a text without a statement has none', async () => {
  expect(await split('')).toEqual([]);
  expect(await split(' \n')).toEqual([]);
  expect(await split('-- later\n/* much */ ;')).toEqual([]);
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
])('keeps %s whole: %s', async (sql) => {
  expect(await split(`${sql}; SELECT 2;`)).toEqual([sql, 'SELECT 2']);
});

test('a dollar parameter and a dollar inside a name start no quote', async () => {
  expect(await split('SELECT a$b$c; SELECT 2')).toEqual(['SELECT a$b$c', 'SELECT 2']);
});

test('a lone carriage return ends a comment, as it does for Postgres', async () => {
  expect(await split('-- tidy\rDROP TABLE refresh_tokens;')).toEqual(['DROP TABLE refresh_tokens']);
});

test('places are right behind letters of several bytes', async () => {
  const sql = `-- é 😀\nSELECT '😀é';\n\n  SELECT 2;`;
  const found = await parseSql('f', sql);
  expect(found.map(({ start, line }) => ({ start, line }))).toEqual([
    { start: sql.indexOf("SELECT '"), line: 2 },
    { start: sql.indexOf('SELECT 2'), line: 4 },
  ]);
});

test('what is no SQL is refused with its file, its line, and a caret under the place', async () => {
  const fault = parseSql('0001_a.up.sql', "SELECT '😀é';\nSELECT 1 FORM t;");
  await expect(fault).rejects.toMatchObject({
    reason: 'badFile',
    kind: 'syntax',
    line: 2,
    message:
      '0001_a.up.sql: syntax error at or near "t"\n  line 2 | SELECT 1 FORM t;\n                         ^',
  });
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
