import { expect, test } from 'vitest';
import type { Migration } from './files.ts';
import { utf16Offset } from './step.ts';
import { pendingMigrations } from './verify.ts';

const file = (number: number, checksum = 'x'): Migration => ({
  name: `000${number}_m`,
  number,
  up: '',
  down: '',
  checksum,
});
const row = (number: number, checksum = 'x') => ({ name: `000${number}_m`, checksum });

test('what is not applied is pending, in order', () => {
  expect(pendingMigrations([file(1), file(2), file(3)], [row(1)]).map(({ number }) => number)).toEqual([2, 3]);
  expect(pendingMigrations([file(1)], [row(1)])).toEqual([]);
});

test('an edited file is refused by name', () => {
  expect(() => pendingMigrations([file(1, 'edited')], [row(1)])).toThrow(
    expect.objectContaining({ reason: 'checksum' }),
  );
});

test('a missing file is refused by name', () => {
  expect(() => pendingMigrations([file(1)], [row(1), row(2)])).toThrow(
    expect.objectContaining({ reason: 'missingFile', message: expect.stringContaining('0002_m') as string }),
  );
});

test('a file inserted before an applied one is refused', () => {
  expect(() => pendingMigrations([file(1), file(2), file(3)], [row(1), row(3)])).toThrow(
    expect.objectContaining({ reason: 'order', message: expect.stringContaining('0002_m') as string }),
  );
});

test("Postgres' positions count characters, ours UTF-16 units", () => {
  expect(utf16Offset('a😀b', 2)).toBe(3);
});
