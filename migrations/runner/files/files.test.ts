import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { migrationFolder } from '../../../tests/support/migrate.ts';
import { MigrationError, type ExitReason } from '../exit.ts';
import { checkMigrations } from '../sql/checkScript.ts';
import { readMigrations } from './files.ts';

const reasonOf = async (folder: string): Promise<ExitReason | undefined> => {
  try {
    await checkMigrations(readMigrations(folder));
  } catch (error) {
    return error instanceof MigrationError ? error.reason : undefined;
  }
};

test('reads files in the order of their numbers', () => {
  const folder = migrationFolder({ '0010_b': 'SELECT 2;', '0002_a': 'SELECT 1;' });
  expect(readMigrations(folder).map(({ name }) => name)).toEqual(['0002_a', '0010_b']);
});

test("the project's own migrations are readable", () => {
  expect(readMigrations(join(import.meta.dirname, '../..')).length).toBeGreaterThanOrEqual(4);
});

test('an empty folder holds no migrations; a missing one is refused', async () => {
  expect(readMigrations(migrationFolder({}))).toEqual([]);
  expect(await reasonOf('/nonexistent')).toBe('usage');
});

test('a byte order mark and Windows line ends change neither the SQL nor the checksum', () => {
  const plain = readMigrations(migrationFolder({ '0001_a': 'SELECT 1;\nSELECT 2;\n' }))[0]!;
  const windows = readMigrations(
    migrationFolder({ '0001_a': '\ufeffSELECT 1;\r\nSELECT 2;\r\n' }),
  )[0]!;
  expect(windows.up.sql).toBe(plain.up.sql);
  expect(windows.checksum).toBe(plain.checksum);
});

test.each<[string, ExitReason, Parameters<typeof migrationFolder>[0]]>([
  ['a number used twice', 'duplicateNumber', { '0001_a': 'SELECT 1;', '0001_b': 'SELECT 1;' }],
  ['a missing down file', 'missingDown', { '0001_a': { up: 'SELECT 1;', down: null } }],
  ['an empty file', 'badFile', { '0001_a': '' }],
  ['a file with comments only', 'badFile', { '0001_a': '-- later\n' }],
  [
    'a file that is not UTF-8',
    'badFile',
    { '0001_a': { up: Buffer.from([0x53, 0xe9]), down: 'SELECT 1;' } },
  ],
  ['a NUL byte', 'badFile', { '0001_a': 'SELECT 1;\0' }],
  ['a space in a name', 'badFile', { '0001_a b': 'SELECT 1;' }],
  ['a header nobody knows', 'badFile', { '0001_a': '-- slipway: fase=expand\nSELECT 1;' }],
  [
    'two statements without a transaction',
    'badFile',
    { '0001_a': '-- slipway: no-transaction\nVACUUM a; VACUUM b;' },
  ],
  [
    'an expand that does not exist',
    'badFile',
    { '0001_a': '-- slipway: completes=0000_z\nSELECT 1;' },
  ],
  ['a COMMIT of its own', 'badFile', { '0001_a': 'SELECT 1; COMMIT; SELECT 2;' }],
])('%s is refused as %s', async (_what, reason, files) => {
  expect(await reasonOf(migrationFolder(files))).toBe(reason);
});

test('what cannot be reverted needs no down file', () => {
  const folder = migrationFolder({
    '0001_a': { up: '-- slipway: reversible=no\nSELECT 1;', down: null },
  });
  expect(readMigrations(folder)[0]).toMatchObject({ down: undefined, reversible: false });
});

test('a down file without its up file is refused', async () => {
  const folder = migrationFolder({});
  writeFileSync(join(folder, '0001_a.down.sql'), 'SELECT 1;');
  expect(await reasonOf(folder)).toBe('badFile');
});

test.each([
  '0001_a.up.SQL',
  '0001_a.UP.sql',
  '0001_a.up.sql.txt',
  '0001_a.up.sql~',
  '0001_a.up',
  '0001-a.up.sql',
  '0001_a.sql',
  '1_a.up.sql',
  'topics.sql',
])('%s, which could be meant as a migration, is refused and not passed over', async (file) => {
  const folder = migrationFolder({ '0001_a': 'SELECT 1;' });
  writeFileSync(join(folder, file), 'SELECT 1;');
  expect(await reasonOf(folder)).toBe('badFile');
});

test.each(['README.md', '.0001_a.up.sql.swp', '.keep', '0001_groups.md'])(
  '%s beside them is no migration, and does not matter',
  (file) => {
    const folder = migrationFolder({ '0001_a': 'SELECT 1;' });
    writeFileSync(join(folder, file), 'notes');
    expect(readMigrations(folder)).toHaveLength(1);
  },
);
