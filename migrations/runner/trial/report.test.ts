import { expect, test } from 'vitest';
import { overBudget, reportLines, span, type FileReport, type Measured } from './report.ts';

const run = (about: Partial<Measured> = {}): Measured => ({
  durationMs: 12,
  locks: [],
  allLocks: true,
  reader: { ms: 3.25, on: 'users' },
  writer: { ms: 4, on: 'users' },
  errors: [],
  ...about,
});
const file = (about: Partial<FileReport> = {}): FileReport => ({
  name: '0005_a',
  phase: 'expand',
  budget: { timeMs: 1_000, maxWaitMs: 100 },
  up: run(),
  down: run(),
  leftOut: null,
  differsAfterDown: [],
  differsAfterUp: [],
  ...about,
});

test('spans are short and have a unit', () => {
  expect([0.04, 3.25, 99.6, 999.4, 1_000, 61_540].map(span)).toEqual([
    '0 ms',
    '3.3 ms',
    '100 ms',
    '999 ms',
    '1 s',
    '61.5 s',
  ]);
});

test('a file is over its budget by its time, a reader or a writer, each by itself', () => {
  expect(
    overBudget(file({ up: run({ durationMs: 1_000, writer: { ms: 100, on: 'users' } }) })),
  ).toEqual([]);
  expect(overBudget(file({ up: run({ durationMs: 1_001 }) }))).toEqual([
    '0005_a took 1 s; its time_budget is 1 s',
  ]);
  expect(
    overBudget(file({ up: run({ reader: { ms: 900, on: 'a' }, writer: { ms: 2_000, on: 'b' } }) })),
  ).toEqual([
    '0005_a kept a reader of a waiting for 900 ms; its max_wait is 100 ms',
    '0005_a kept a writer of b waiting for 2 s; its max_wait is 100 ms',
  ]);
  expect(overBudget(file({ down: run({ durationMs: 99_000 }) }))).toEqual([]);
});

test('the report names times, waits, locks and budgets in columns', () => {
  const held = run({
    locks: [{ mode: 'AccessExclusive', on: 'users' }],
    reader: { ms: 400, on: 'users' },
  });
  expect(reportLines({ rows: { users: 50 }, files: [file({ up: held })] })).toEqual([
    '',
    'rows: users 50',
    '',
    'FILE    STEP  TIME   BUDGET  READER WAITED   WRITER WAITED  MAX WAIT',
    '0005_a  up    12 ms  1 s     400 ms (users)  4 ms (users)   100 ms    over',
    '        down  12 ms  -       3.3 ms (users)  4 ms (users)   -         ok',
    '',
    '0005_a up locks',
    '  → AccessExclusive on users: keeps out readers and writers',
    '0005_a down locks nothing that was there before',
    '',
    'over budget: 0005_a kept a reader of users waiting for 400 ms; its max_wait is 100 ms',
    '1 tried: over budget',
  ]);
});

test('what is not restored is shown as a diff, and what is left out with why', () => {
  const lines = reportLines({
    rows: {},
    files: [
      file({ differsAfterDown: ['-a', '+b'] }),
      file({ name: '0006_b', down: null, leftOut: 'it has no down file' }),
    ],
  });
  expect(lines).toContain(
    '0005_a: the down file does not bring back the schema (- before up, + after down):',
  );
  expect(lines).toContain('  -a');
  expect(lines).toContain('0006_b: left out of the way down and up again: it has no down file');
  expect(lines.at(-1)).toBe('2 tried: 1 not restored');
});

test('nothing pending is nothing to try', () => {
  expect(reportLines({ rows: {}, files: [] })).toEqual(['nothing to try: no migration is pending']);
});
