import { expect, test } from 'vitest';
import { refuseEarlyContract, refuseIrreversible } from './releaseRules.ts';
import { migration } from '../../../tests/support/migration.ts';

const expand = migration('0002_expand', { phase: 'expand' });
const contract = migration('0003_contract', { phase: 'contract' });
const first = { name: '0001_first', release: 'r1', phase: 'expand' as const };
const early = expect.objectContaining({ reason: 'contractTooEarly' }) as Error;

test('a contract step in one release with an expand is refused, by name', () => {
  expect(() => refuseEarlyContract([expand, contract], [first], 'r2', [])).toThrow(early);
  expect(() => refuseEarlyContract([expand, contract], [first], 'r2', [])).toThrow(
    /0003_contract[\s\S]*0002_expand/,
  );
});

test('a release that failed between the two is no way round', () => {
  const applied = [first, { name: expand.name, release: 'r2', phase: 'expand' as const }];
  expect(() => refuseEarlyContract([contract], applied, 'r2', [])).toThrow(early);
  expect(() => refuseEarlyContract([contract], applied, 'r3', [])).not.toThrow();
});

test('it is let pass by its own name only', () => {
  expect(() => refuseEarlyContract([expand, contract], [first], 'r2', ['0002_expand'])).toThrow(
    early,
  );
  expect(() =>
    refuseEarlyContract([expand, contract], [first], 'r2', ['0003_contract']),
  ).not.toThrow();
});

test('a database that only this release has migrated has no older code', () => {
  expect(() => refuseEarlyContract([expand, contract], [], 'r2', [])).not.toThrow();
  expect(() =>
    refuseEarlyContract([expand, contract], [{ ...first, release: 'r2' }], 'r2', []),
  ).not.toThrow();
});

test('without a known release, whatever was there before is taken for older', () => {
  expect(() =>
    refuseEarlyContract([expand, contract], [{ ...first, release: 'unknown' }], 'unknown', []),
  ).toThrow(early);
});

test('a contract step that names an earlier expand may run beside another one', () => {
  const step = migration('0003_contract', { phase: 'contract', completes: '0001_first' });
  expect(() => refuseEarlyContract([expand, step], [first], 'r2', [])).not.toThrow();
  const other = migration('0003_contract', { phase: 'contract', completes: '0002_expand' });
  expect(() => refuseEarlyContract([expand, other], [first], 'r2', [])).toThrow(early);
});

test('what cannot be reverted is refused; force helps only where there is a down file', () => {
  const lossy = migration('0002_lossy', { reversible: false });
  const gone = { ...lossy, down: undefined };
  expect(() => refuseIrreversible([expand, lossy], [])).toThrow(/0002_lossy.*--force 0002_lossy/);
  expect(() => refuseIrreversible([expand, lossy], ['0002_lossy'])).not.toThrow();
  expect(() => refuseIrreversible([gone], ['0002_lossy'])).toThrow(/no down file/);
});
