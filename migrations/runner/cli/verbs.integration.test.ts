import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate, migrationFolder, type Finished } from '../../../tests/support/migrate.ts';
import { TestPostgres } from '../../../tests/support/postgres.ts';
import { exitCodes } from '../exit.ts';
import { verbs } from './help.ts';

let postgres: TestPostgres;
beforeAll(async () => void (postgres = await TestPostgres.start()));
afterAll(() => postgres?.stop());

const text = (part: string): string => expect.stringContaining(part) as string;
const json = ({ output }: Finished): unknown =>
  JSON.parse(output.split('\n').find((line) => /^[[{]/.test(line)) ?? 'null');
const history = async (url: string): Promise<unknown[]> =>
  (
    await postgres.query('SELECT direction, name FROM slipway_migration_history ORDER BY id', url)
  ).map(({ direction, name }) => `${String(direction)} ${String(name)}`);
const expand = (sql: string): { up: string; down: string } => ({
  up: `-- slipway: phase=expand reversible=yes\n${sql}`,
  down: `DROP TABLE ${/TABLE (\w+)/.exec(sql)?.[1] ?? ''};`,
});
const contract = (sql: string) => ({
  up: `-- slipway: phase=contract reversible=no\n${sql}`,
  down: null,
});
const two = {
  '0001_a': expand('CREATE TABLE a (id int);'),
  '0002_b': expand('CREATE TABLE b (id int);'),
};

test('help is there for every verb, without a database or its settings', async () => {
  const { code, output } = await migrate('', ['--help']);
  expect(code).toBe(0);
  for (const verb of Object.keys(verbs)) expect(output).toContain(`  ${verb}`);
  expect(await migrate('', ['repair', '--help'])).toMatchObject({
    code: 0,
    output: text('--reason TEXT'),
  });
});

test('every verb answers in JSON, faults too', async () => {
  const url = await postgres.createDatabase();
  const folder = migrationFolder(two);
  const run = async (...args: string[]) =>
    json(await migrate(url, [...args, '--json', '--folder', folder]));
  expect(await run('plan')).toMatchObject({
    migrations: [
      { name: '0001_a', phase: 'expand', transaction: true, statements: [{ line: 2, locks: [] }] },
      {},
    ],
    refused: null,
  });
  expect(await run('up')).toEqual({ applied: ['0001_a', '0002_b'] });
  expect(await run('status')).toMatchObject([
    { name: '0001_a', state: 'applied', phase: 'expand' },
    {},
  ]);
  expect(await run('verify')).toEqual({ applied: 2, pending: [], ahead: [] });
  expect(await run('redo')).toEqual({ redone: ['0002_b'] });
  expect(await run('lint')).toMatchObject({ findings: [] });
  expect(await run('down')).toEqual({ reverted: ['0002_b'] });
  expect(await run('repair', '0001_a', '--reason', 'x')).toMatchObject({
    error: { reason: 'usage', exitCode: 2 },
  });
  expect(await run('create', 'new one')).toEqual({
    created: ['0003_new_one.up.sql', '0003_new_one.down.sql'],
  });
  expect(await run('renumber', '0002_b')).toEqual({ from: '0002_b', to: '0004_b' });
});

test('the history keeps every step, with who took it and when', async () => {
  const url = await postgres.createDatabase();
  const args = ['--folder', migrationFolder(two)];
  await migrate(url, ['up', ...args], { RELEASE: 'sha256:one' });
  await migrate(url, ['redo', '--step', '2', ...args], { RELEASE: 'sha256:two' });
  expect(await history(url)).toEqual([
    ...['up 0001_a', 'up 0002_b'],
    ...['down 0002_b', 'down 0001_a', 'up 0001_a', 'up 0002_b'],
  ]);
  const rows = await postgres.query(
    'SELECT release, at, duration_ms FROM slipway_migration_history ORDER BY id',
    url,
  );
  expect(rows[0]).toMatchObject({ release: 'sha256:one', at: expect.any(Date) as Date });
  expect(rows.at(-1)).toMatchObject({
    release: 'sha256:two',
    duration_ms: expect.any(Number) as number,
  });
});

test('plan shows SQL and locks of what is pending, and runs nothing', async () => {
  const url = await postgres.createDatabase();
  const folder = migrationFolder({
    ...two,
    '0003_c': 'ALTER TABLE a ADD COLUMN n int; DO $$ BEGIN END $$;',
  });
  await migrate(url, ['up', '--to', '0002_b', '--folder', folder]);
  const { code, output } = await migrate(url, ['plan', '--folder', folder]);
  expect(code).toBe(0);
  expect(output).toMatch(
    /1 \| ALTER TABLE a ADD COLUMN n int\n\s+→ AccessExclusive on a: keeps out readers and writers/,
  );
  expect(output).toContain('locks: unknown');
  expect(output).not.toContain('0002_b');
  expect(await postgres.query('SELECT name FROM slipway_migrations', url)).toHaveLength(2);
});

test('plan and status look at a database that was never migrated, and leave it so', async () => {
  const url = await postgres.createDatabase();
  const folder = migrationFolder(two);
  for (const verb of ['plan', 'status', 'verify']) {
    expect(await migrate(url, [verb, '--folder', folder])).toMatchObject({ code: 0 });
  }
  expect(await postgres.query(`SELECT to_regclass('slipway_migrations') AS t`, url)).toEqual([
    { t: null },
  ]);
});

test('baseline takes what is there as applied, once', async () => {
  const url = await postgres.createDatabase();
  await postgres.query('CREATE TABLE a (id int)', url);
  const folder = migrationFolder(two);
  const run = (...args: string[]) => migrate(url, [...args, '--folder', folder]);
  expect(await run('baseline', '--to', '0009_z')).toMatchObject({ code: exitCodes.usage });
  expect(await run('baseline', '--to', '0001_a')).toMatchObject({
    code: 0,
    output: text('0001_a counts as applied'),
  });
  expect(await run('up')).toMatchObject({ code: 0, output: text('applying 0002_b') });
  expect(await run('baseline', '--to', '0002_b')).toMatchObject({
    code: exitCodes.usage,
    output: text('has 2 applied'),
  });
  expect(await history(url)).toEqual(['baseline 0001_a', 'up 0002_b']);
});

test('repair accepts an edited and a missing file by name, and keeps the reason', async () => {
  const url = await postgres.createDatabase();
  const folder = migrationFolder(two);
  const run = (...args: string[]) => migrate(url, [...args, '--folder', folder]);
  await run('up');
  writeFileSync(
    join(folder, '0001_a.up.sql'),
    '-- slipway: phase=migrate reversible=yes\nCREATE TABLE a (id int);',
  );
  expect(await run('verify')).toMatchObject({ code: exitCodes.checksum });
  expect(await run('repair', '0001_a', '--reason', 'a comment only')).toMatchObject({ code: 0 });
  expect(await run('verify')).toMatchObject({ code: 0 });
  expect((await run('status')).output).toMatch(/0001_a\s+applied\s+migrate/);
  for (const file of readdirSync(folder).filter((name) => name.startsWith('0001')))
    rmSync(join(folder, file));
  expect(await run('up')).toMatchObject({ code: exitCodes.missingFile });
  expect(await run('repair', '0001_a', '--reason', 'moved elsewhere')).toMatchObject({ code: 0 });
  expect(await run('up')).toMatchObject({ code: 0, output: 'nothing to migrate\n' });
  const kept = await postgres.query(
    `SELECT reason FROM slipway_migration_history WHERE direction = 'repair'`,
    url,
  );
  expect(kept.map(({ reason }) => reason)).toEqual(['a comment only', 'moved elsewhere']);
});

test.each([
  ['down', '--all'],
  ['down', '--to', '0001_a'],
  ['down', '--step', '2'],
  ['redo', '--step', '2'],
])(
  '%s %s asks for the name of the database in production; the newest one alone does not',
  async (...args) => {
    const url = await postgres.createDatabase();
    const folder = migrationFolder({
      '0001_a': 'SELECT 1;',
      '0002_b': 'SELECT 1;',
      '0003_c': 'SELECT 1;',
    });
    const run = (...words: string[]) =>
      migrate(url, [...words, '--folder', folder], { NODE_ENV: 'production' });
    const database = new URL(url).pathname.slice(1);
    await run('up');
    expect(await run('down')).toMatchObject({ code: 0 });
    expect(await run(...args)).toMatchObject({
      code: exitCodes.usage,
      output: text(`--force ${database}`),
    });
    expect(await run(...args, '--force', database)).toMatchObject({ code: 0 });
  },
);

test('revert-all asks for the name of the database in production', async () => {
  const url = await postgres.createDatabase();
  const database = new URL(url).pathname.slice(1);
  const folder = migrationFolder(two);
  const run = (...args: string[]) =>
    migrate(url, [...args, '--folder', folder], { NODE_ENV: 'production' });
  await run('up');
  expect(await run('revert-all')).toMatchObject({
    code: exitCodes.usage,
    output: text(`--force ${database}`),
  });
  expect(await run('revert-all', '--force', 'other')).toMatchObject({ code: exitCodes.usage });
  expect(await run('revert-all', '--force', database)).toMatchObject({
    code: 0,
    output: text('2 reverted'),
  });
  await run('up');
  expect(await migrate(url, ['revert-all', '--folder', folder])).toMatchObject({ code: 0 });
});

describe('two branches that took one number', () => {
  test('are told apart by renumber; nothing runs before', async () => {
    const url = await postgres.createDatabase();
    const folder = migrationFolder({ ...two, '0002_c': expand('CREATE TABLE c (id int);') });
    const run = (...args: string[]) => migrate(url, [...args, '--folder', folder]);
    expect(await run('up')).toMatchObject({
      code: exitCodes.duplicateNumber,
      output: text('migrate renumber'),
    });
    expect(await run('renumber')).toMatchObject({
      code: exitCodes.usage,
      output: text('0002_b, 0002_c'),
    });
    expect(await run('renumber', '0002_c')).toMatchObject({
      code: 0,
      output: '0002_c is now 0003_c\n',
    });
    expect(existsSync(join(folder, '0003_c.down.sql'))).toBe(true);
    expect(await run('up')).toMatchObject({ code: 0, output: text('3 applied') });
  });
});

test('create makes two files that are refused until there is SQL in them', async () => {
  const folder = migrationFolder(two);
  expect(await migrate('', ['create', 'Add-topics', '--folder', folder])).toMatchObject({
    code: 0,
  });
  expect(readFileSync(join(folder, '0003_add_topics.up.sql'), 'utf8')).toMatch(
    /^-- slipway: phase=expand reversible=yes\n/,
  );
  expect(await migrate('', ['lint', '--folder', folder])).toMatchObject({
    code: exitCodes.lint,
    output: text('0003_add_topics.up.sql:1: error: contains no SQL statement'),
  });
  expect(await migrate('', ['create', '../x', '--folder', folder])).toMatchObject({
    code: exitCodes.usage,
  });
});

describe('releases', () => {
  const release = (
    url: string,
    name: string,
    files: Parameters<typeof migrationFolder>[0],
    ...more: string[]
  ) => migrate(url, ['up', '--folder', migrationFolder(files), ...more], { RELEASE: name });
  const drop = contract('ALTER TABLE a DROP COLUMN id;');

  test('with an expand and its contract step in one are refused, unless that is forced by name', async () => {
    const url = await postgres.createDatabase();
    const first = { '0001_a': two['0001_a'] };
    const both = { ...two, '0003_drop': drop };
    await release(url, 'r1', first);
    const refused = await release(url, 'r2', both);
    expect(refused).toMatchObject({ code: exitCodes.contractTooEarly, output: text('0003_drop') });
    expect(await history(url)).toEqual(['up 0001_a']);
    const plan = await migrate(url, ['plan', '--folder', migrationFolder(both)], { RELEASE: 'r2' });
    expect(plan).toMatchObject({
      code: exitCodes.contractTooEarly,
      output: text('up would refuse this'),
    });
    expect(await release(url, 'r2', two)).toMatchObject({ code: 0 });
    expect(await release(url, 'r2', both)).toMatchObject({ code: exitCodes.contractTooEarly });
    expect(await release(url, 'r3', both)).toMatchObject({ code: 0 });
    const other = await postgres.createDatabase();
    await release(other, 'r1', first);
    expect(await release(other, 'r2', both, '--force', '0003_drop')).toMatchObject({ code: 0 });
  });

  test('that are older may run beside reversible expands, and say so', async () => {
    const url = await postgres.createDatabase();
    await release(url, 'r2', two);
    const back = await release(url, 'r1', { '0001_a': two['0001_a'] });
    expect(back).toMatchObject({
      code: 0,
      output: text('ahead of this image by 0002_b (expand, reversible)'),
    });
    const down = await migrate(url, [
      'down',
      '--folder',
      migrationFolder({ '0001_a': two['0001_a'] }),
    ]);
    expect(down).toMatchObject({ code: exitCodes.missingFile, output: text('0002_b') });
  });

  test('that are older are refused over a contract step, by its name', async () => {
    const url = await postgres.createDatabase();
    await release(url, 'r2', { ...two, '0003_drop': drop });
    const back = await release(url, 'r1', two);
    expect(back).toMatchObject({
      code: exitCodes.rollback,
      output: text('0003_drop (contract, irreversible)'),
    });
  });

  test('with something irreversible are not reverted', async () => {
    const url = await postgres.createDatabase();
    const folder = migrationFolder({ '0001_a': two['0001_a'], '0002_drop': drop });
    await migrate(url, ['up', '--folder', folder]);
    expect(await migrate(url, ['down', '--folder', folder])).toMatchObject({
      code: exitCodes.irreversible,
    });
    expect(await history(url)).toEqual(['up 0001_a', 'up 0002_drop']);
    expect((await migrate(url, ['status', '--folder', folder])).output).toMatch(
      /0002_drop\s+applied\s+contract, irreversible/,
    );
  });
});

test('bookkeeping tables of an earlier version get what they lack', async () => {
  const url = await postgres.createDatabase();
  const folder = migrationFolder(two);
  await migrate(url, ['up', '--folder', folder]);
  await postgres.query(
    `ALTER TABLE slipway_migrations DROP COLUMN phase, DROP COLUMN reversible, DROP COLUMN down_checksum;
     ALTER TABLE slipway_migration_history DROP COLUMN reason`,
    url,
  );
  expect(await migrate(url, ['status', '--folder', folder])).toMatchObject({ code: 0 });
  expect(await migrate(url, ['redo', '--folder', folder])).toMatchObject({ code: 0 });
});

describe('a down file that was edited after its migration was applied', () => {
  const edited = { ...two, '0002_b': { ...two['0002_b'], down: 'DROP TABLE a, b;' } };
  const applied = async (): Promise<string> => {
    const url = await postgres.createDatabase();
    await migrate(url, ['up', '--folder', migrationFolder(two)]);
    return url;
  };

  test('is not run, and is shown by status', async () => {
    const url = await applied();
    const folder = migrationFolder(edited);
    for (const verb of ['down', 'redo', 'revert-all']) {
      expect(await migrate(url, [verb, '--folder', folder])).toMatchObject({
        code: exitCodes.checksum,
        output: text('The down file was edited after its migration was applied: 0002_b.'),
      });
    }
    expect((await migrate(url, ['status', '--folder', folder])).output).toMatch(
      /0002_b\s+applied .*\(its down file was edited since\)/,
    );
    expect(await history(url)).toEqual(['up 0001_a', 'up 0002_b']);
  });

  test('does not keep the next migration from being applied', async () => {
    const folder = migrationFolder({ ...edited, '0003_c': expand('CREATE TABLE c (id int);') });
    expect(await migrate(await applied(), ['up', '--folder', folder])).toMatchObject({ code: 0 });
  });

  test.each([
    ['by its name', [], ['--force', '0002_b']],
    ['after it was accepted', ['repair', '0002_b', '--reason', 'it forgot a'], []],
  ])('runs %s', async (_how, before, force) => {
    const url = await applied();
    const folder = migrationFolder(edited);
    if (before.length > 0)
      expect(await migrate(url, [...before, '--folder', folder])).toMatchObject({ code: 0 });
    expect(await migrate(url, ['down', ...force, '--folder', folder])).toMatchObject({ code: 0 });
    expect(await postgres.query(`SELECT to_regclass('a') AS a`, url)).toEqual([{ a: null }]);
  });

  test('runs where an earlier version of the runner kept no checksum of it', async () => {
    const url = await applied();
    await postgres.query('UPDATE slipway_migrations SET down_checksum = NULL', url);
    const folder = migrationFolder(edited);
    expect(await migrate(url, ['down', '--folder', folder])).toMatchObject({ code: 0 });
  });
});
