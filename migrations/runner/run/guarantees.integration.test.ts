import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../../tests/support/containers.ts';
import { migrate, migrationFolder, startMigrate } from '../../../tests/support/migrate.ts';
import { FakePooler } from '../../../tests/support/pooler.ts';
import { TestPostgres } from '../../../tests/support/postgres.ts';
import { exitCodes } from '../exit.ts';

let postgres: TestPostgres;
beforeAll(async () => void (postgres = await TestPostgres.start()));
afterAll(() => postgres?.stop());

const up = (url: string, folder: string, env?: NodeJS.ProcessEnv) =>
  migrate(url, ['up', '--folder', folder], env);
const value = async (sql: string, url: string): Promise<unknown> =>
  Object.values((await postgres.query(sql, url))[0] ?? {})[0];
const untilRows = (sql: string): Promise<unknown> =>
  eventually(async () => expect(await postgres.query(sql)).not.toHaveLength(0), 10_000);
const text = (part: string): string => expect.stringContaining(part) as string;

describe('an index that is built concurrently', () => {
  const table = 'CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1);';
  const index =
    '-- slipway: phase=expand reversible=yes no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY ti ON t (a);';
  const drop = '-- slipway: no-transaction\nDROP INDEX CONCURRENTLY ti;';
  const valid = 'SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($$ti$$)';

  test('and fails leaves no invalid index behind, and is built once its cause is gone; it can be dropped again', async () => {
    const url = await postgres.createDatabase();
    const folder = migrationFolder({ '0001_t': table, '0002_ti': { up: index, down: drop } });
    const failed = await up(url, folder);
    expect(failed).toMatchObject({
      code: exitCodes.failedSql,
      output: text('could not create unique index "ti"'),
    });
    expect(failed.output).toContain('0002_ti.up.sql');
    expect(failed.output).toMatch(/line 2 \| CREATE UNIQUE INDEX/);
    expect(await value(valid, url)).toBeUndefined();
    await postgres.query('DELETE FROM t', url);
    expect(await up(url, folder)).toMatchObject({ code: 0, output: text('applying 0002_ti') });
    expect(await value(valid, url)).toBe(true);
    expect(await migrate(url, ['redo', '--folder', folder])).toMatchObject({ code: 0 });
    expect(await value(valid, url)).toBe(true);
  });

  test('an invalid one that was left is found and dropped first, IF NOT EXISTS or not', async () => {
    const url = await postgres.createDatabase();
    await postgres.query(table, url);
    await postgres.query('CREATE UNIQUE INDEX CONCURRENTLY ti ON t (a)', url).catch(() => {});
    expect(await value(valid, url)).toBe(false);
    await postgres.query('DELETE FROM t', url);
    const again = index.replace('CONCURRENTLY', 'CONCURRENTLY IF NOT EXISTS');
    const run = await up(url, migrationFolder({ '0001_ti': { up: again, down: drop } }));
    expect(run).toMatchObject({ code: 0, output: text('dropped the invalid index ti') });
    expect(await value(valid, url)).toBe(true);
  });

  test('by a run that is killed is finished or built anew by the next one', async () => {
    const url = await postgres.createDatabase();
    const folder = migrationFolder({
      '0001_t': 'CREATE TABLE t (a int);',
      '0002_ti': { up: index, down: drop },
    });
    expect(await migrate(url, ['up', '--step', '1', '--folder', folder])).toMatchObject({
      code: 0,
    });
    // A reader that holds the build up, so that the kill meets it in the middle.
    const reader = postgres.query('BEGIN; SELECT count(*) FROM t; SELECT pg_sleep(2); COMMIT', url);
    await sleep(300);
    const run = startMigrate(url, ['up', '--folder', folder], { MIGRATE_LOCK_TIMEOUT_MS: '20000' });
    await untilRows(`SELECT 1 FROM pg_stat_progress_create_index`);
    run.process.kill('SIGKILL');
    await run.finished;
    await reader;
    expect(await up(url, folder)).toMatchObject({ code: 0 });
    expect(await value(valid, url)).toBe(true);
    expect(await value(`SELECT count(*)::int FROM slipway_migrations`, url)).toBe(2);
  });

  test('of which only the row is missing gets it; a stranger of the same name does not', async () => {
    const url = await postgres.createDatabase();
    const folder = migrationFolder({
      '0001_t': 'CREATE TABLE t (a int);',
      '0002_ti': { up: index, down: drop },
    });
    await up(url, folder);
    const forget = 'DELETE FROM slipway_migrations WHERE name = $$0002_ti$$;';
    await postgres.query(
      `${forget} DELETE FROM slipway_migration_history WHERE direction = 'up' AND name = '0002_ti'`,
      url,
    );
    expect(await up(url, folder)).toMatchObject({ code: 0, output: text('only lacks its row') });
    await postgres.query(forget, url);
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await up(url, folder)).toMatchObject({
        code: exitCodes.failedSql,
        output: text('already exists'),
      });
    }
  });
});

test("a header's timeouts count for its file alone", async () => {
  const url = await postgres.createDatabase();
  const show = `CREATE TABLE IF NOT EXISTS seen (l text, s text);
    INSERT INTO seen VALUES (current_setting('lock_timeout'), current_setting('statement_timeout'));`;
  const folder = migrationFolder({
    '0001_a': `-- slipway: lock_timeout=250ms statement_timeout=10min\n${show}`,
    '0002_b': show,
  });
  expect(await up(url, folder)).toMatchObject({ code: 0 });
  expect(await postgres.query('SELECT l, s FROM seen', url)).toEqual([
    { l: '250ms', s: '10min' },
    { l: '3s', s: '15min' },
  ]);
  writeFileSync(
    join(folder, '0003_c.up.sql'),
    '-- slipway: statement_timeout=100ms\nSELECT pg_sleep(5);',
  );
  writeFileSync(join(folder, '0003_c.down.sql'), 'SELECT 1;');
  expect(await up(url, folder)).toMatchObject({
    code: exitCodes.failedSql,
    output: text('statement timeout'),
  });
});

describe('a run that loses its lock', () => {
  test('because a file lets it go rolls that file back and stops', async () => {
    const url = await postgres.createDatabase();
    const folder = migrationFolder({
      '0001_a': 'CREATE TABLE a (id int);',
      '0002_b': 'CREATE TABLE b (id int); SELECT pg_advisory_unlock_all();',
      '0003_c': 'CREATE TABLE c (id int);',
    });
    const run = await up(url, folder);
    expect(run).toMatchObject({ code: exitCodes.lockLost, output: text('0002_b.up.sql') });
    expect(await value('SELECT to_regclass($$b$$)', url)).toBeNull();
    expect(await value('SELECT count(*)::int FROM slipway_migrations', url)).toBe(1);
  });

  test('with its connection stops, and does not go on with another one', async () => {
    const url = await postgres.createDatabase();
    const folder = migrationFolder({
      '0001_a': 'SELECT pg_sleep(7);',
      '0002_b': 'CREATE TABLE b (id int);',
    });
    const run = startMigrate(url, ['up', '--folder', folder]);
    await untilRows(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(7)%' AND pid <> pg_backend_pid()`,
    );
    expect(await run.finished).toMatchObject({
      code: exitCodes.lockLost,
      output: text('and with it the lock'),
    });
    expect(await value('SELECT to_regclass($$b$$)', url)).toBeNull();
  });
});

describe('through a pooler', () => {
  const folder = migrationFolder({ '0001_a': 'CREATE TABLE a (id int);' });
  const through = async (mode: 'transaction' | 'session', setup: string) => {
    const url = await postgres.createDatabase();
    const pooler = await FakePooler.start(mode, url, setup);
    try {
      return {
        run: await up(pooler.url, folder),
        table: await value('SELECT to_regclass($$a$$)::text', url),
      };
    } finally {
      pooler.stop();
    }
  };
  const path = 'SET search_path = public';

  test('in transaction mode nothing runs', async () => {
    const { run, table } = await through('transaction', path);
    expect(run).toMatchObject({
      code: exitCodes.pooler,
      output: text('another session of the server'),
    });
    expect(table).toBeNull();
  });

  test('that drops the settings of the connection nothing runs', async () => {
    const { run, table } = await through('session', 'SELECT 1');
    expect(run).toMatchObject({ code: exitCodes.pooler, output: text('search_path') });
    expect(table).toBeNull();
  });

  test('in session mode it works', async () => {
    expect(await through('session', path)).toMatchObject({ run: { code: 0 }, table: 'a' });
  });
});

test('the lock is waited for as long as the command line says', async () => {
  const url = await postgres.createDatabase();
  const holder = startMigrate(url, [
    'up',
    '--folder',
    migrationFolder({ '0001_a': 'SELECT pg_sleep(4);' }),
  ]);
  await untilRows(`SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(4)%'`);
  const [atOnce, soon] = await Promise.all([
    migrate(url, ['up', '--no-wait']),
    migrate(url, ['up', '--wait', '1']),
  ]);
  expect(atOnce).toMatchObject({ code: exitCodes.lockNotObtained, output: text('for 0 s') });
  expect(soon).toMatchObject({ code: exitCodes.lockNotObtained, output: text('for 1 s') });
  expect(await holder.finished).toMatchObject({ code: 0 });
});
