import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate, migrationFolder } from '../../../tests/support/migrate.ts';
import { TestPostgres } from '../../../tests/support/postgres.ts';
import { isWarning } from './notices.ts';

let postgres: TestPostgres;
beforeAll(async () => void (postgres = await TestPostgres.start()));
afterAll(() => postgres?.stop());

async function linesOf(files: Record<string, string>): Promise<string[]> {
  const folder = migrationFolder(files);
  const { code, output } = await migrate(await postgres.createDatabase(), [
    'up',
    '--folder',
    folder,
  ]);
  expect(code, output).toBe(0);
  return output.split('\n');
}

const raise = (body: string) => `DO $$ BEGIN ${body} END $$;`;

test('what a file raises is in the log, with the name of the file', async () => {
  const lines = await linesOf({
    '0001_topics': raise(
      `RAISE NOTICE 'copied % rows', 12; RAISE WARNING 'three have no topic' USING DETAIL = 'ids 1, 2, 3', HINT = 'see topics.md';`,
    ),
  });
  expect(lines).toContain('0001_topics: NOTICE: copied 12 rows');
  expect(lines).toContain(
    '0001_topics: WARNING: three have no topic Detail: ids 1, 2, 3 Hint: see topics.md',
  );
});

test('so is what a file without a transaction raises', async () => {
  const lines = await linesOf({
    '0001_topics': `-- slipway: no-transaction\n${raise(`RAISE NOTICE 'half'; COMMIT; RAISE NOTICE 'whole';`)}`,
  });
  expect(lines).toEqual(
    expect.arrayContaining(['0001_topics: NOTICE: half', '0001_topics: NOTICE: whole']),
  );
});

test('what the server itself says is passed on while the file runs, and only then', async () => {
  const lines = await linesOf({ '0001_topics': 'DROP TABLE IF EXISTS nothing;' });
  expect(lines.filter((line) => line.includes('NOTICE'))).toEqual([
    '0001_topics: NOTICE: table "nothing" does not exist, skipping',
  ]);
});

test('of very many only the first are passed on, and a warning among them still is', async () => {
  const lines = await linesOf({
    '0001_loop': raise(
      `FOR i IN 1..5000 LOOP RAISE NOTICE 'row %', i; END LOOP; RAISE WARNING 'at last';`,
    ),
  });
  expect(lines.filter((line) => line.includes('NOTICE: row'))).toHaveLength(100);
  expect(lines).toContain('0001_loop: NOTICE: 4900 more of these are left out');
  expect(lines).toContain('0001_loop: WARNING: at last');
});

test('text of several lines, very long or with control characters stays one bounded line', async () => {
  const lines = await linesOf({
    '0001_odd': raise(`RAISE NOTICE E'a\\nb\\x1b[31m%', repeat('x', 100000);`),
  });
  const [line] = lines.filter((one) => one.includes('NOTICE'));
  expect(line).toMatch(/^0001_odd: NOTICE: a b \[31mx+ …$/);
  expect(line!.length).toBeLessThan(2_100);
});

test.each([
  ['0005_topics: WARNING: x', true],
  ['(earlier task) 0005_topics: WARNING: x', true],
  ['0005_topics: NOTICE: 0004: WARNING: x', false],
  ['applied 0005_topics … done in 3 ms', false],
])('the update takes "%s" as a warning: %s', (line, warning) => {
  expect(isWarning(line)).toBe(warning);
});
