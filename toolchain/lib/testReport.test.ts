import { expect, test } from 'vitest';
import { countLine, failureLines, partLines, type TestReport } from './testReport.ts';

const minute = 60_000;
const file = (name: string, from: number, to: number, tests = 1, status = 'passed') => ({
  name: `/checkout/${name}`,
  status,
  startTime: from * minute,
  endTime: to * minute,
  assertionResults: Array.from({ length: tests }, () => ({})),
});
const report = (...testResults: TestReport['testResults']): TestReport => ({
  numPassedTests: 7,
  numFailedTests: 0,
  numPendingTests: 0,
  testResults,
});

test('says of each part, and of all, how long it took from its first test to its last', () => {
  const files = [
    file('infra/config/config.test.ts', 0, 1, 40),
    file('app/src/auth/auth.integration.test.ts', 1, 4.5, 2),
    file('tests/release.test.ts', 6, 27, 3),
    file('tests/aws/rehearsal.test.ts', 5, 23),
  ];
  expect(partLines(report(...files), '/checkout')).toEqual([
    '  ✓ unit and integration: 42 tests, 4.5 min (budget 5 min)',
    '  ✗ dev end to end: 3 tests, 21.0 min (over its budget of 20 min)',
    '  ✓ rehearsal: 1 tests, 18.0 min (budget 25 min)',
    '  all tests: 27.0 min',
  ]);
  expect(partLines(report(files[0]!), '/checkout')).toHaveLength(1);
});

test('counts a file that failed before its first test as a failure, and no report at all', () => {
  expect(countLine(report(file('a.test.ts', 0, 1)))).toBe('7 passed, 0 failed');
  expect(countLine(report(file('a.test.ts', 0, 1, 0, 'failed')))).toBe('7 passed, 1 failed');
  expect(countLine({ ...report(), numPendingTests: 2 })).toBe('7 passed, 0 failed, 2 skipped');
  expect(countLine(undefined)).toBe('0 passed, 1 failed');
});

test('says of each failed test why, without the whole output of an update and the way through the code', () => {
  const output = ' ~ network refreshing\nerror: the gateway refused\nerror: the gateway refused\n';
  const failed = {
    ...file('tests/a.test.ts', 0, 1, 1, 'failed'),
    assertionResults: [
      { status: 'passed', fullName: 'comes up' },
      {
        status: 'failed',
        fullName: 'comes back',
        failureMessages: [`AssertionError: ${output}: expected 1 to be +0\n    at a.test.ts:7:1`],
      },
    ],
  };
  const broken = { ...file('b.test.ts', 0, 1, 0, 'failed'), message: 'no such module' };
  expect(failureLines(report(failed, broken, file('c.test.ts', 0, 1)), '/checkout')).toEqual([
    '  ✗ tests/a.test.ts comes back',
    '      AssertionError:  ~ network refreshing',
    '      error: the gateway refused',
    '      : expected 1 to be +0',
    '  ✗ b.test.ts',
    '      no such module',
  ]);
});
