import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readMigrationFiles, readReferenceTables } from './migrationFiles.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'checkout-'));
  mkdirSync(join(root, 'migrations'));
  write("CREATE TABLE kinds (id text);\nINSERT INTO kinds VALUES ('a');");
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (sql: string) => {
  writeFileSync(join(root, 'migrations/0001_kinds.up.sql'), sql);
  writeFileSync(join(root, 'migrations/0001_kinds.down.sql'), 'DROP TABLE kinds;');
};
const note = () => join(root, '.slipway/reference-tables.json');

it('reference tables are found once, and kept for the next preview', async () => {
  expect(await readReferenceTables(root)).toEqual(['kinds']);
  const kept = JSON.parse(readFileSync(note(), 'utf8')) as { key: string };
  writeFileSync(note(), JSON.stringify({ ...kept, found: ['from the note'] }));
  expect(await readReferenceTables(root)).toEqual(['from the note']);
  expect(await readMigrationFiles(root)).toMatchObject([{ name: '0001_kinds' }]);
});

it('a changed file is parsed again, and a refused one is refused each time', async () => {
  await readMigrationFiles(root);
  write('CREATE TABLE kinds (id text);');
  expect(await readReferenceTables(root)).toEqual([]);
  write('CREATE TABLE kinds (id text);\nCOMMIT;');
  await expect(readMigrationFiles(root)).rejects.toThrow('The folder migrations/ is refused');
  await expect(readMigrationFiles(root)).rejects.toThrow('The folder migrations/ is refused');
});

it.each(['', 'not JSON', '{}', '{"key":1}'])('a broken note is no obstacle: %j', async (text) => {
  mkdirSync(join(root, '.slipway'));
  writeFileSync(note(), text);
  expect(await readReferenceTables(root)).toEqual(['kinds']);
});

it('a checkout that cannot be written to is read all the same', async () => {
  writeFileSync(join(root, '.slipway'), 'a file where the folder would be');
  expect(await readReferenceTables(root)).toEqual(['kinds']);
});

it('a refused folder is not noted as checked', async () => {
  await readMigrationFiles(root);
  const checked = join(root, '.slipway/checked-migrations.json');
  const written = readFileSync(checked, 'utf8');
  write('CREATE TABLE kinds (id text);\nCOMMIT;');
  await expect(readMigrationFiles(root)).rejects.toThrow('COMMIT');
  expect(readFileSync(checked, 'utf8')).toBe(written);
});
