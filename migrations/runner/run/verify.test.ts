import { expect, test } from 'vitest';
import type { Migration } from '../files/files.ts';
import type { Phase } from '../files/header.ts';
import { utf16Offset } from '../files/excerpt.ts';
import { migration } from '../../../tests/support/migration.ts';
import { compare } from './verify.ts';

const file = (number: number, checksum = 'x') => migration(`000${number}_m`, { checksum });
const row = (number: number, phase: Phase | null = null, reversible = true) => ({
  name: `000${number}_m`,
  checksum: 'x',
  phase,
  reversible,
});
const pending = (files: Migration[], applied: Parameters<typeof compare>[1]): number[] =>
  compare(files, applied).pending.map(({ number }) => number);
const fault = (reason: string, name: string): Error =>
  expect.objectContaining({ reason, message: expect.stringContaining(name) as string }) as Error;

test('what is not applied is pending, in order', () => {
  expect(pending([file(1), file(2), file(3)], [row(1)])).toEqual([2, 3]);
  expect(pending([file(1)], [row(1)])).toEqual([]);
});

test('an edited file is refused by name', () => {
  expect(() => compare([file(1, 'edited')], [row(1)])).toThrow(fault('checksum', '0001_m'));
});

test('a missing file is refused by name', () => {
  expect(() => compare([file(1)], [row(1), row(2)])).toThrow(fault('missingFile', '0002_m'));
  expect(() => compare([file(2)], [row(1, 'expand'), row(2)])).toThrow(
    fault('missingFile', '0001_m'),
  );
  expect(() => compare([], [row(1, 'expand')])).toThrow(fault('missingFile', '0001_m'));
});

test('an older image may run beside reversible steps that take nothing away', () => {
  const { pending, ahead } = compare([file(1)], [row(1), row(2, 'expand'), row(3, 'migrate')]);
  expect(pending).toEqual([]);
  expect(ahead.map(({ name }) => name)).toEqual(['0002_m', '0003_m']);
});

test('an older image is refused behind a contract step or an irreversible one, by name', () => {
  const contract = [row(1), row(2, 'expand'), row(3, 'contract')];
  expect(() => compare([file(1)], contract)).toThrow(
    fault('rollback', '0003_m (contract, reversible)'),
  );
  expect(() => compare([file(1)], [row(1), row(2, 'expand', false)])).toThrow(
    fault('rollback', '0002_m (expand, irreversible)'),
  );
});

test('a file inserted before an applied one is refused', () => {
  expect(() => compare([file(1), file(2), file(3)], [row(1), row(3)])).toThrow(
    fault('order', '0002_m'),
  );
});

test('an older image cannot bring a file that comes before a newer one', () => {
  expect(() => compare([file(1), file(2)], [row(1), row(3, 'expand')])).toThrow(
    fault('order', '0002_m'),
  );
});

test("Postgres' positions count characters, ours UTF-16 units", () => {
  expect(utf16Offset('a😀b', 2)).toBe(3);
});
