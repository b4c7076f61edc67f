import { describe, expect, test } from 'vitest';
import { readHeader } from '../files/header.ts';
import { findingLine, lintMigration } from './lint.ts';
import { migration } from '../../../tests/support/migration.ts';

const lint = async (sql: string): Promise<string[]> => {
  const header = readHeader('f', sql);
  const base = migration('0002_m', { ...(header.phase && { phase: header.phase }), sql });
  const findings = await lintMigration({
    ...base,
    up: { ...base.up, header },
    down: undefined,
  });
  return findings.map(({ rule, line }) => `${rule}@${line}`);
};
const good = '-- slipway: phase=expand reversible=yes';

test.each([
  `${good}\nALTER TABLE t ADD COLUMN a int;`,
  `${good}\nALTER TABLE t ALTER COLUMN a DROP NOT NULL; ALTER TABLE t DROP CONSTRAINT c;`,
  `${good}\nINSERT INTO t VALUES ('drop table t; alter table t drop column a');`,
  `${good}\n-- slipway: no-transaction\nCREATE INDEX CONCURRENTLY i ON t (a);`,
  '-- slipway: phase=contract reversible=no completes=0001_a\nDROP TABLE t;',
  `${good}\nALTER TABLE t RENAME CONSTRAINT a TO b; ALTER INDEX i RENAME TO j;`,
  `${good}\nALTER TYPE mood ADD VALUE 'fine'; ALTER TYPE mood ADD VALUE 'bad';`,
  `${good}\n-- slipway: no-transaction\nALTER TYPE mood ADD VALUE 'fine';`,
  `${good}\n-- slipway: no-transaction\nDO $$ BEGIN UPDATE t SET a = 1; COMMIT; END $$;`,
  `${good} no-transaction\nDO $$ BEGIN COMMIT AND CHAIN; END $$;`,
  `${good}\nDO $$ BEGIN RAISE NOTICE 'committed'; END $$;`,
  `${good}\nSELECT $$; DROP TABLE t; CREATE INDEX CONCURRENTLY i ON t (a);$$;`,
  `${good}\nCREATE FUNCTION f() RETURNS void LANGUAGE sql AS $x$ DROP TABLE t; VACUUM; $x$;`,
  `${good}\nCOMMENT ON TABLE t IS E'it''s \\'; drop table t; --';`,
  `${good}\nALTER TABLE t ADD COLUMN "drop" int, ADD COLUMN "rename " int;`,
  `${good}\nANALYZE t;`,
])('finds nothing in %j', async (sql) => expect(await lint(sql)).toEqual([]));

test.each<[string, string[]]>([
  ['SELECT 1;', ['missing-phase@1', 'missing-reversible@1']],
  ['-- slipway: phase=contract reversible=no\nDROP TABLE t;', ['missing-completes@1']],
  [`${good}\nSELECT 1;\nCREATE INDEX CONCURRENTLY i ON t (a);`, ['needs-no-transaction@3']],
  [`${good} no-transaction\nALTER TABLE t ADD COLUMN a int;`, ['needless-no-transaction@2']],
  [`${good}\nDROP TABLE t;`, ['takes-away@2']],
  [`${good}\nALTER TABLE t DROP COLUMN a;`, ['takes-away@2']],
  [`${good}\nALTER TABLE t DROP a;`, ['takes-away@2']],
  [`${good}\nALTER TABLE t RENAME COLUMN a TO b;`, ['takes-away@2']],
  [`${good}\nALTER TABLE t RENAME a TO b;`, ['takes-away@2']],
  [`${good}\nALTER TABLE app."T; --" RENAME TO u;`, ['takes-away@2']],
  [`${good}\nALTER TABLE t ADD COLUMN "a; b" int, DROP COLUMN IF EXISTS c;`, ['takes-away@2']],
  [`${good}\nDROP/* it */TABLE t;`, ['takes-away@2']],
  [`${good}\n-- tidy\rDROP TABLE refresh_tokens;`, ['takes-away@2']],
  [`${good}\n\n-- why\nDROP /*${'x'.repeat(300)}*/ TABLE t;`, ['takes-away@4']],
  [
    `${good}\nCREATE INDEX "${'long '.repeat(12)}" ON t (${'a, '.repeat(80)}b); DROP TABLE t;`,
    ['takes-away@2'],
  ],
  [`${good}\nDO $$ BEGIN UPDATE t SET a = 1; COMMIT; END $$;`, ['needs-no-transaction@2']],
  [`${good}\nREINDEX (VERBOSE, CONCURRENTLY) TABLE t;`, ['needs-no-transaction@2']],
  [`${good}\nALTER TABLE t DETACH PARTITION p CONCURRENTLY;`, ['needs-no-transaction@2']],
  [`${good}\nSELECT 1;\nSELECT 1 FORM t;`, ['syntax-error@3']],
  [`${good}\nCREATE TABLE a (id int); COMMIT/**/;`, ['badFile@2']],
])('in %j finds %j', async (sql, rules) => expect(await lint(sql)).toEqual(rules));

test('a fault of the down file is told with its own name', async () => {
  const base = migration('0002_m', { phase: 'expand', sql: `${good}\nSELECT 1;` });
  const up = { ...base.up, header: readHeader('f', base.up.sql) };
  const down = { ...base.down!, sql: '\nROLLBACK;' };
  const [finding, ...more] = await lintMigration({ ...base, up, down });
  expect(more).toEqual([]);
  expect(finding).toMatchObject({ file: '0002_m.down.sql', line: 2, rule: 'badFile' });
});

test('a syntax error shows its place', async () => {
  const base = migration('0002_m', { phase: 'expand', sql: `${good}\n  DROP TABEL t;` });
  const up = { ...base.up, header: readHeader('f', base.up.sql) };
  const [finding] = await lintMigration({ ...base, up, down: undefined });
  expect(findingLine(finding!)).toBe(
    '0002_m.up.sql:2: error: syntax error at or near "TABEL" [syntax-error]\n' +
      '  line 2 |   DROP TABEL t;\n                  ^',
  );
});

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

describe('a waiver', () => {
  test.each([
    `${good}\n-- slipway-ignore takes-away: no release has read it\nDROP TABLE t;`,
    `${good}\nSELECT 1;\n-- Why.\n  --slipway-ignore takes-away no release has read it\n\nDROP TABLE t;`,
    `-- slipway: phase=contract reversible=no\n-- slipway-ignore missing-completes: older than the files\nDROP TABLE t;`,
    `-- slipway-ignore missing-phase: it moves nothing\n-- slipway-ignore missing-reversible: it moves nothing\nSELECT 1;`,
    `${good} no-transaction\n-- slipway-ignore needless-no-transaction: hours long\nUPDATE t SET a = 1;`,
    `${good}\n-- slipway-ignore needs-no-transaction: it never commits\nDO $$ BEGIN -- then COMMIT;\n END $$;`,
  ])('with a reason lets the statement below it pass: %j', async (sql) =>
    expect(await lint(sql)).toEqual([]),
  );

  test.each<[string, string[]]>([
    [
      `${good}\n-- slipway-ignore takes-away: gone\nSELECT 1;\nDROP TABLE t;`,
      ['takes-away@4', 'bad-waiver@2'],
    ],
    [`${good}\n-- slipway-ignore takes-away: gone\nDROP TABLE t;\nDROP TABLE u;`, ['takes-away@4']],
    [`${good}\n-- slipway-ignore takes-away\nDROP TABLE t;`, ['takes-away@3', 'bad-waiver@2']],
    [`${good}\n-- slipway-ignore takes-awy: why\nDROP TABLE t;`, ['takes-away@3', 'bad-waiver@2']],
    [`${good}\n-- slipway-ignore\nDROP TABLE t;`, ['takes-away@3', 'bad-waiver@2']],
    [`${good}\n-- slipway-ignore badFile: why\nCOMMIT;`, ['bad-waiver@2', 'badFile@3']],
  ])('in %j leaves %j', async (sql, rules) => expect(await lint(sql)).toEqual(rules));
});
