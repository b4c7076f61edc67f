import { expect, test } from 'vitest';
import { readHeader } from './header.ts';

test('a file without a header has none of it', () => {
  expect(readHeader('f', '-- Why.\nSELECT 1;')).toEqual({ noTransaction: false });
});

test('reads every word, on one line or several, among other comments', () => {
  const sql = `-- slipway: phase=contract reversible=no completes=0005_topics
-- Why this is done.

-- slipway: no-transaction lock_timeout=500ms, statement_timeout=10min
-- slipway: time_budget=1h max_wait=250ms
DROP INDEX CONCURRENTLY i;`;
  expect(readHeader('f', sql)).toEqual({
    phase: 'contract',
    reversible: false,
    completes: '0005_topics',
    noTransaction: true,
    lockTimeoutMs: 500,
    statementTimeoutMs: 600_000,
    timeBudgetMs: 3_600_000,
    maxWaitMs: 250,
  });
});

test('a lone carriage return ends a header line', () => {
  expect(readHeader('f', '-- slipway: phase=expand\r-- slipway: reversible=no\rSELECT 1;')).toEqual(
    {
      ...{ phase: 'expand', reversible: false, noTransaction: false },
    },
  );
});

test('a colon will do in place of the equals sign', () => {
  expect(readHeader('f', '-- slipway: phase: expand\n-- slipway: reversible: yes\n')).toMatchObject(
    {
      phase: 'expand',
      reversible: true,
    },
  );
});

test.each([
  ['phase=expnd', /phase=expnd is none of expand, migrate, contract/],
  ['phase', /phase= is none of/],
  ['reversible=true', /neither yes nor no/],
  ['fase=expand', /"fase" is not known/],
  ['no-transaction=yes', /takes no value/],
  ['lock_timeout=5', /is no time/],
  ['lock_timeout=0s', /is no time/],
  ['statement_timeout=1000h', /is no time/],
  ['time_budget=soon', /is no time/],
  ['max_wait=0ms', /is no time/],
  ['completes=yesterday', /not a migration's name/],
  ['phase=expand phase=expand', /given twice/],
])('refuses %s, and shows its line', (words, message) => {
  const read = (): unknown =>
    readHeader('0001_a.up.sql', `-- Why.\n-- slipway: ${words}\nSELECT 1;`);
  expect(read).toThrow(message);
  expect(read).toThrow(/^0001_a\.up\.sql: [\s\S]*line 2 \|/);
});

test.each([
  ['indented', '  -- slipway: phase=expand\nSELECT 1;'],
  ['below a licence', '/* Copyright /* of */ us\n */\n\t-- slipway: phase=expand\nSELECT 1;'],
  ['behind a comment', '/* a */ -- slipway: phase=expand\nSELECT 1;'],
  ['in another case', '-- Slipway : phase=expand\nSELECT 1;'],
])('understands a header that is %s', (_where, sql) => {
  expect(readHeader('f', sql)).toMatchObject({ phase: 'expand' });
});

test.each([
  [
    'below the first statement',
    'SELECT 1;\n  -- slipway: phase=expand',
    /on top of its file[^]*line 2/,
  ],
  ['in the middle of a statement', 'SELECT\n-- slipway: no-transaction\n1;', /on top[^]*line 2/],
  [
    'in a block comment',
    '/* Us.\n * slipway: phase=expand */\nSELECT 1;',
    /line comment[^]*line 2/,
  ],
])('refuses a header %s', (_where, sql, message) => {
  expect(() => readHeader('f', sql)).toThrow(message);
});
