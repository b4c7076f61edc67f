import { expect, test } from 'vitest';
import { readHeader } from '../files/header.ts';
import { findingLine, lintMigration } from './lint.ts';
import { migration } from '../../../tests/support/migration.ts';

const lint = (sql: string): string[] => {
  const header = readHeader('f', sql);
  const base = migration('0002_m', { ...(header.phase && { phase: header.phase }), sql });
  return lintMigration({ ...base, up: { ...base.up, header } }).map(
    ({ rule, line }) => `${rule}@${line}`,
  );
};
const good = '-- slipway: phase=expand reversible=yes';

test.each([
  `${good}\nALTER TABLE t ADD COLUMN a int;`,
  `${good}\nALTER TABLE t ALTER COLUMN a DROP NOT NULL; ALTER TABLE t DROP CONSTRAINT c;`,
  `${good}\nINSERT INTO t VALUES ('drop table t; alter table t drop column a');`,
  `${good}\n-- slipway: no-transaction\nCREATE INDEX CONCURRENTLY i ON t (a);`,
  '-- slipway: phase=contract reversible=no completes=0001_a\nDROP TABLE t;',
])('finds nothing in %j', (sql) => expect(lint(sql)).toEqual([]));

test.each<[string, string[]]>([
  ['SELECT 1;', ['missing-phase@1', 'missing-reversible@1']],
  ['-- slipway: phase=contract reversible=no\nDROP TABLE t;', ['missing-completes@1']],
  [`${good}\nSELECT 1;\nCREATE INDEX CONCURRENTLY i ON t (a);`, ['needs-no-transaction@3']],
  [`${good} no-transaction\nALTER TABLE t ADD COLUMN a int;`, ['needless-no-transaction@2']],
  [`${good}\nDROP TABLE t;`, ['takes-away@2']],
  [`${good}\nALTER TABLE t DROP COLUMN a;`, ['takes-away@2']],
  [`${good}\nALTER TABLE t DROP a;`, ['takes-away@2']],
  [`${good}\nALTER TABLE t RENAME COLUMN a TO b;`, ['takes-away@2']],
])('in %j finds %j', (sql, rules) => expect(lint(sql)).toEqual(rules));

test('a finding is one line that an editor can jump to', () => {
  const finding = {
    file: 'a.up.sql',
    line: 3,
    severity: 'error',
    rule: 'r',
    message: 'm',
  } as const;
  expect(findingLine(finding)).toBe('a.up.sql:3: error: m [r]');
});
