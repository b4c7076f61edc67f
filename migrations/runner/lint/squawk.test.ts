import { expect, test } from 'vitest';
import { migration } from '../../../tests/support/migration.ts';
import { squawkFindings } from './squawk.ts';

const violation = (name: string, rule: string) => ({
  file: `/some/where/${name}.up.sql`,
  line: 2,
  message: 'Dropping a column\n may break code.',
  help: null,
  rule_name: rule,
});
const files = [
  migration('0001_a', { phase: 'expand' }),
  migration('0002_b', { phase: 'contract' }),
];

test("squawk's findings take our form, and lines count from 1", () => {
  expect(squawkFindings([violation('0001_a', 'ban-drop-column')], files)).toEqual([
    {
      file: '0001_a.up.sql',
      line: 3,
      severity: 'error',
      rule: 'squawk ban-drop-column',
      message: 'Dropping a column may break code.',
    },
  ]);
});

test('a contract step may drop and rename, and nothing else', () => {
  const found = squawkFindings(
    [violation('0002_b', 'ban-drop-column'), violation('0002_b', 'changing-column-type')],
    files,
  );
  expect(found.map(({ rule }) => rule)).toEqual(['squawk changing-column-type']);
});

test('what squawk cannot read is a warning', () => {
  expect(squawkFindings([violation('0001_a', 'syntax-error')], files)[0]?.severity).toBe('warning');
});
