import { expect, test } from 'vitest';
import { readHeader } from '../files/header.ts';
import { checkBeforeRun, checkScript, concurrentIndex } from './checkScript.ts';
import { parseSql } from './parse.ts';

const script = (file: string, sql: string) => ({ file, sql, header: readHeader(file, sql) });
const check = (file: string, sql: string) => checkScript(script(file, sql));
const bare = '-- slipway: no-transaction\n';

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
])('finds the index in %s', async (sql, index) => {
  const [statement] = await parseSql('f', sql);
  expect(concurrentIndex(statement!.tree)).toEqual(index);
});

test('two statements are refused, with the place of the second', async () => {
  await expect(check('0001_a.up.sql', `${bare}VACUUM a;\nVACUUM b;`)).rejects.toThrow(
    /one statement only[\s\S]*line 3/,
  );
});

test('an index without a name is refused', async () => {
  await expect(check('f', `${bare}CREATE INDEX CONCURRENTLY ON t (a)`)).rejects.toThrow(
    /give the index a name/,
  );
});

test.each([
  'BEGIN',
  'commit',
  'ROLLBACK',
  'END',
  'START TRANSACTION',
  "PREPARE TRANSACTION 'x'",
  'COMMIT/**/',
  `COMMIT/*${'x'.repeat(300)}*/AND CHAIN`,
])('refuses %s, which would end the transaction of the file', async (statement) => {
  await expect(check('0001_a.up.sql', `SELECT 1;\n${statement};`)).rejects.toThrow(
    /0001_a\.up\.sql.*not allowed[\s\S]*line 2/,
  );
});

test('a COMMIT behind a comment that a lone carriage return ends is seen', async () => {
  await expect(check('f', 'SELECT 1; -- tidy\rCOMMIT;')).rejects.toThrow(/COMMIT is not allowed/);
});

test.each(['ROLLBACK TO a', 'ROLLBACK WORK TO SAVEPOINT a', 'ROLLBACK TRANSACTION TO a'])(
  'a savepoint inside a file, and %s, are allowed',
  async (back) => {
    await expect(check('f', `SAVEPOINT a; ${back};`)).resolves.toHaveLength(2);
  },
);

test.each(['COPY t FROM STDIN', `COPY "${'long '.repeat(12)}" (${'a, '.repeat(80)}b) FROM STDIN`])(
  'refuses %s: a file carries no data',
  async (sql) => {
    await expect(check('f', sql)).rejects.toThrow(/no data to read/);
  },
);

test.each(["COPY t FROM '/tmp/x'", 'COPY t TO STDOUT', "SELECT 'COPY t FROM STDIN'"])(
  'lets pass %s',
  async (sql) => {
    await expect(check('f', sql)).resolves.toHaveLength(1);
  },
);

test('a run leaves what the parser cannot read to the server, and refuses the rest', async () => {
  await expect(checkBeforeRun([script('f', 'ALTER TABLE t OF THE FUTURE')])).resolves.toBe(
    undefined,
  );
  await expect(checkBeforeRun([script('f', 'COMMIT')])).rejects.toThrow(/not allowed/);
});

test.each([
  ['-- dump\n\\restrict x9\nSELECT 1;', /\\restrict is a command of psql, not SQL[^]*line 2/],
  ['SELECT 1;\n\\connect app', /\\connect is a command of psql[^]*line 2/],
  [
    "-- dump\nCOPY public.t (a, b) FROM stdin;\n1\tit's me\n\\.\n",
    /COPY[^]*Write INSERT[^]*line 2/,
  ],
  ['copy t from stdin with (format csv);\n\\N\n\\.\n', /COPY[^]*Write INSERT[^]*line 1/],
  ['COPY t FROM STDIN;\n\\.\n', /COPY[^]*Write INSERT[^]*line 1/],
])('what only psql understands is refused at its place, by a run too: %j', async (sql, message) => {
  const file = script('0001_a.up.sql', sql);
  await expect(checkScript(file)).rejects.toThrow(message);
  await expect(checkBeforeRun([file])).rejects.toThrow(/pg_dump --schema-only --no-owner/);
});
