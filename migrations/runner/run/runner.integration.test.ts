import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate, migrationFolder, startMigrate } from '../../../tests/support/migrate.ts';
import { eventually } from '../../../tests/support/containers.ts';
import { TestPostgres } from '../../../tests/support/postgres.ts';
import { exitCodes } from '../exit.ts';

let postgres: TestPostgres;
beforeAll(async () => void (postgres = await TestPostgres.start()));
afterAll(() => postgres?.stop());

const up = (url: string, folder: string, env?: NodeJS.ProcessEnv) =>
  migrate(url, ['up', '--folder', folder], env);
const names = async (url: string): Promise<unknown[]> =>
  (await postgres.query('SELECT name FROM slipway_migrations ORDER BY name', url)).map(
    ({ name }) => name,
  );
const tables = async (url: string): Promise<unknown[]> =>
  (
    await postgres.query(
      `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'slipway%' ORDER BY 1`,
      url,
    )
  ).map(({ tablename }) => tablename);

/** Waits until a query finds something: a runner at a certain place, for instance. */
const untilRows = (sql: string): Promise<unknown> =>
  eventually(async () => expect(await postgres.query(sql)).not.toHaveLength(0), 10_000);

const create = (count: number, body = ''): Record<string, { up: string; down: string }> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => {
      const n = String(i + 1).padStart(4, '0');
      return [
        `${n}_t`,
        {
          up: `CREATE TABLE t${n} (id int); ${body} CREATE INDEX ON t${n} (id);`,
          down: `DROP TABLE t${n};`,
        },
      ];
    }),
  );

describe("the project's migrations", () => {
  test('go up, down and up again, and the second up has nothing to do', async () => {
    const url = await postgres.createDatabase();
    const first = await migrate(url, ['up']);
    expect(first).toMatchObject({
      code: 0,
      output: expect.stringMatching(/applying 0001_users … done in \d+ ms/) as string,
    });
    const before = await tables(url);
    expect(await migrate(url, ['up'])).toMatchObject({ code: 0, output: 'nothing to migrate\n' });
    expect(await migrate(url, ['down', '--all'])).toMatchObject({ code: 0 });
    expect(await tables(url)).toEqual([]);
    expect(await migrate(url, ['up'])).toMatchObject({ code: 0 });
    expect(await tables(url)).toEqual(before);
  });

  test('live in the schema that DATABASE_SCHEMA names', async () => {
    const url = await postgres.createDatabase();
    expect(await migrate(url, ['up'], { DATABASE_SCHEMA: 'chat' })).toMatchObject({ code: 0 });
    expect(await tables(url)).toEqual([]);
    const [row] = await postgres.query(
      `SELECT count(*)::int AS n FROM chat.slipway_migrations`,
      url,
    );
    expect(row?.['n']).toBeGreaterThanOrEqual(4);
  });

  test('are applied exactly once by ten runners that start together', async () => {
    const url = await postgres.createDatabase();
    const runs = await Promise.all(Array.from({ length: 10 }, () => migrate(url, ['up'])));
    expect(runs.map(({ code }) => code)).toEqual(Array(10).fill(0));
    const history = await postgres.query(
      "SELECT name, count(*)::int AS n FROM slipway_migration_history WHERE direction = 'up' GROUP BY name",
      url,
    );
    expect(history.length).toBeGreaterThanOrEqual(4);
    expect(history.every(({ n }) => n === 1)).toBe(true);
  });
});

describe('a run that is broken off', () => {
  test('by SIGKILL leaves whole files only, and the next run completes', async () => {
    const url = await postgres.createDatabase();
    const folder = migrationFolder(create(100, 'SELECT pg_sleep(0.01);'));
    const run = startMigrate(url, ['up', '--folder', folder]);
    await eventually(async () => expect((await names(url)).length).toBeGreaterThan(20), 10_000);
    run.process.kill('SIGKILL');
    await run.finished;
    const done = await names(url);
    expect(done.length).toBeLessThan(100);
    expect(await tables(url)).toHaveLength(done.length);
    expect(await up(url, folder)).toMatchObject({ code: 0 });
    expect(await names(url)).toHaveLength(100);
    const indexes = await postgres.query(
      `SELECT 1 FROM pg_indexes WHERE tablename ~ '^t[0-9]'`,
      url,
    );
    expect(indexes).toHaveLength(100);
  });

  test('by SIGTERM rolls the file in hand back at once', async () => {
    const url = await postgres.createDatabase();
    const folder = migrationFolder({
      '0001_a': 'CREATE TABLE a (id int);',
      '0002_b': 'CREATE TABLE b (id int); SELECT pg_sleep(60);',
    });
    const run = startMigrate(url, ['up', '--folder', folder]);
    await untilRows(
      `SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()`,
    );
    const started = Date.now();
    run.process.kill('SIGTERM');
    const { code, output } = await run.finished;
    expect(code).toBe(exitCodes.terminated);
    expect(output).toContain('cancelled by SIGTERM, nothing half-applied');
    expect(Date.now() - started).toBeLessThan(3_000);
    expect(await tables(url)).toEqual(['a']);
  });
});

describe('a file that fails', () => {
  test('in its third statement is rolled back whole, and the message points at the place', async () => {
    const url = await postgres.createDatabase();
    const folder = migrationFolder({
      '0001_a':
        'CREATE TABLE a (id int);\nCREATE TABLE b (id int);\nCREATE TABLE c (id int, x nosuchtype);\nSELECT 4;\nSELECT 5;',
    });
    const { code, output } = await up(url, folder);
    expect(code).toBe(exitCodes.failedSql);
    expect(output).toContain(
      '0001_a.up.sql: type "nosuchtype" does not exist (SQLSTATE 42704, statement 3 of 5)',
    );
    expect(output).toMatch(/line 3 \| CREATE TABLE c.*\n {36,}\^/);
    expect(await tables(url)).toEqual([]);
    writeFileSync(join(folder, '0001_a.up.sql'), 'CREATE TABLE a (id int);');
    expect(await up(url, folder)).toMatchObject({ code: 0 });
  });

  test('while it runs is traced to its statement, though Postgres names no place', async () => {
    const url = await postgres.createDatabase();
    const { code, output } = await up(
      url,
      migrationFolder({ '0001_a': 'SELECT 1;\nSELECT 1 / (SELECT 0);' }),
    );
    expect(code).toBe(exitCodes.failedSql);
    expect(output).toMatch(/division by zero .*statement 2 of 2\)\n {2}line 2 \| SELECT 1 \//);
  });

  test('only because of a lock is tried again, and gives up after its attempts', async () => {
    const url = await postgres.createDatabase();
    await up(url, migrationFolder({ '0001_a': 'CREATE TABLE a (id int);' }));
    const folder = migrationFolder({
      '0001_a': 'CREATE TABLE a (id int);',
      '0002_b': 'ALTER TABLE a ADD COLUMN b int;',
    });
    const reader = postgres.query(
      'BEGIN; LOCK TABLE a IN ACCESS SHARE MODE; SELECT pg_sleep(3); COMMIT',
      url,
    );
    await sleep(200);
    const { code, output } = await up(url, folder, {
      MIGRATE_LOCK_TIMEOUT_MS: '100',
      MIGRATE_ATTEMPTS: '2',
    });
    expect(code).toBe(exitCodes.failedSql);
    expect(output).toMatch(
      /lock timeout; rolled back, attempt 2 in \d+ ms[\s\S]*SQLSTATE 55P03, statement 1 of 1, attempt 2/,
    );
    await reader;
    expect(await up(url, folder)).toMatchObject({ code: 0 });
  });
});

describe('a file that lost against other work', () => {
  // A sequence is not rolled back, so it tells the attempts apart.
  const failingOnce = (sqlstate: string): string =>
    `CREATE TABLE half (id int);
     DO $$ BEGIN
       IF nextval('attempts') = 1 THEN RAISE EXCEPTION 'try again' USING ERRCODE = '${sqlstate}'; END IF;
     END $$;
     CREATE TABLE whole (id int);`;

  test.each([
    ['a deadlock', '40P01'],
    ['a serialization failure', '40001'],
  ])('by %s is rolled back whole and tried again', async (_what, sqlstate) => {
    const url = await postgres.createDatabase();
    await postgres.query('CREATE SEQUENCE attempts', url);
    const { code, output } = await up(url, migrationFolder({ '0001_a': failingOnce(sqlstate) }));
    expect(output).toContain('try again; rolled back, attempt 2');
    expect(code).toBe(0);
    expect(await tables(url)).toEqual(['half', 'whole']);
  });

  test('because its connection was cut leaves nothing, and the next run completes', async () => {
    const url = await postgres.createDatabase();
    const folder = migrationFolder({ '0001_a': 'CREATE TABLE a (id int); SELECT pg_sleep(2);' });
    const run = startMigrate(url, ['up', '--folder', folder]);
    const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(2)%' AND pid <> pg_backend_pid()`;
    await untilRows(cut);
    expect((await run.finished).code).not.toBe(0);
    expect(await tables(url)).toEqual([]);
    expect(await up(url, folder)).toMatchObject({ code: 0 });
  });
});

describe('files that changed after they were applied', () => {
  test('are refused, each with its own code, and nothing runs', async () => {
    const url = await postgres.createDatabase();
    const folder = migrationFolder({
      '0001_a': 'CREATE TABLE a (id int);',
      '0003_c': 'CREATE TABLE c (id int);',
    });
    expect(await up(url, folder)).toMatchObject({ code: 0 });

    writeFileSync(join(folder, '0002_b.up.sql'), 'CREATE TABLE b (id int);');
    writeFileSync(join(folder, '0002_b.down.sql'), 'DROP TABLE b;');
    expect(await up(url, folder)).toMatchObject({
      code: exitCodes.order,
      output: expect.stringContaining('0002_b') as string,
    });
    rmSync(join(folder, '0002_b.up.sql'));
    rmSync(join(folder, '0002_b.down.sql'));

    writeFileSync(join(folder, '0003_c.up.sql'), 'CREATE TABLE c (id bigint);');
    expect(await up(url, folder)).toMatchObject({
      code: exitCodes.checksum,
      output: expect.stringContaining('0003_c') as string,
    });
    const { output } = await migrate(url, ['status', '--folder', folder]);
    expect(output).toMatch(/0003_c\s+edited/);

    for (const file of readdirSync(folder).filter((name) => name.startsWith('0003')))
      rmSync(join(folder, file));
    expect(await up(url, folder)).toMatchObject({ code: exitCodes.missingFile });
    expect(await tables(url)).toEqual(['a', 'c']);
  });
});

describe('a database that cannot be used', () => {
  test('because nobody answers: a bounded wait, then its own code', async () => {
    const started = Date.now();
    const run = await migrate('postgres://u:secret-pw@127.0.0.1:1/d', ['up'], {
      MIGRATE_CONNECT_WAIT_MS: '500',
    });
    expect(run).toMatchObject({
      code: exitCodes.unreachable,
      output: expect.stringContaining('127.0.0.1:1/d') as string,
    });
    expect(run.output).not.toContain('secret-pw');
    expect(Date.now() - started).toBeLessThan(5_000);
  });

  test('because the password is wrong', async ({ skip }) => {
    skip(!postgres.container, 'a server that is not ours may ask for no password');
    const url = new URL(postgres.adminUrl);
    url.password = 'wrong';
    const run = await migrate(url.href, ['up']);
    expect(run).toMatchObject({ code: exitCodes.authentication });
    expect(run.output).not.toContain('wrong@');
  });

  test('because the server refuses TLS', async () => {
    const url = new URL(postgres.adminUrl);
    url.searchParams.set('sslmode', 'require');
    expect(await migrate(url.href, ['up'])).toMatchObject({ code: exitCodes.tls });
  });

  test('because another run holds the lock for too long', async () => {
    const url = await postgres.createDatabase();
    const holder = startMigrate(url, [
      'up',
      '--folder',
      migrationFolder({ '0001_a': 'SELECT pg_sleep(3);' }),
    ]);
    await untilRows(`SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(3)%'`);
    expect(await migrate(url, ['up'], { MIGRATE_LOCK_WAIT_MS: '0' })).toMatchObject({
      code: exitCodes.lockNotObtained,
    });
    expect(await holder.finished).toMatchObject({ code: 0 });
  });
});

test('a 10 MB file and one with dollar quotes run as they are', async () => {
  const url = await postgres.createDatabase();
  const folder = migrationFolder({
    '0001_big': `CREATE TABLE big (t text);\nINSERT INTO big VALUES ('${'x;'.repeat(5_000_000)}');`,
    '0002_do': `DO $$ BEGIN PERFORM 1; CREATE TABLE made (id int); END $$;`,
  });
  expect(await up(url, folder)).toMatchObject({ code: 0 });
  expect(await tables(url)).toEqual(['big', 'made']);
});

test('wrong arguments are a code of their own', async () => {
  const url = 'postgres://u@127.0.0.1:1/d';
  for (const args of [
    [],
    ['sideways'],
    ['up', '--step', '0'],
    ['up', '--nosuch'],
    ['up', '--to', 'a', '--step', '1'],
  ]) {
    expect(await migrate(url, args)).toMatchObject({ code: exitCodes.usage });
  }
});
