import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate, migrationFolder } from '../../../tests/support/migrate.ts';
import { TestPostgres } from '../../../tests/support/postgres.ts';
import { exitCodes } from '../exit.ts';

let postgres: TestPostgres;
beforeAll(async () => void (postgres = await TestPostgres.start()));
afterAll(() => postgres?.stop());

const text = (part: string): string => expect.stringContaining(part) as string;
const bare = (sql: string) => `-- slipway: phase=expand reversible=yes no-transaction\n${sql}`;
const table =
  "CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1), (2);";

/** Runs the files, and forgets the newest as if the run had been killed right before its row. */
async function killedBeforeItsRow(sql: string) {
  const url = await postgres.createDatabase();
  const folder = migrationFolder({ '0001_t': table, '0002_it': bare(sql) });
  const up = () => migrate(url, ['up', '--folder', folder]);
  const first = await up();
  expect(first, first.output).toMatchObject({ code: 0 });
  await postgres.query(
    `DELETE FROM slipway_migrations WHERE name = '0002_it';
     DELETE FROM slipway_migration_history WHERE name = '0002_it' AND direction = 'up'`,
    url,
  );
  return { url, up, run: (...args: string[]) => migrate(url, [...args, '--folder', folder]) };
}

describe('a file outside a transaction that was killed when its work was done', () => {
  test.each([
    `ALTER TYPE mood ADD VALUE 'happy';`,
    `ALTER TYPE public.mood RENAME VALUE 'sad' TO 'gloomy';`,
    'CREATE INDEX CONCURRENTLY i ON t (a);',
  ])('only gets its row: %s', async (sql) => {
    const { up } = await killedBeforeItsRow(sql);
    expect(await up()).toMatchObject({
      code: 0,
      output: text('0002_it: an earlier attempt got through and only lacks its row'),
    });
    expect(await up()).toMatchObject({ code: 0, output: 'nothing to migrate\n' });
  });

  test.each([
    'REINDEX TABLE CONCURRENTLY t;',
    'VACUUM t;',
    'DO $$ BEGIN UPDATE t SET a = a; COMMIT; END $$;',
  ])('runs again where that does no harm: %s', async (sql) => {
    const { up } = await killedBeforeItsRow(sql);
    expect(await up()).toMatchObject({ code: 0, output: text('applying 0002_it') });
  });

  test('says how to go on where its traces cannot be read, and goes on so', async () => {
    const { up, run } = await killedBeforeItsRow(
      'DO $$ BEGIN ALTER TABLE t ADD COLUMN c int; COMMIT; END $$;',
    );
    const failed = await up();
    expect(failed.code).toBe(exitCodes.failedSql);
    expect(failed.output).toContain('column "c" of relation "t" already exists');
    expect(failed.output).toContain('`migrate repair 0002_it --reason TEXT` takes it as applied');
    expect(await run('repair', '0002_it', '--reason', 'it was done')).toMatchObject({ code: 0 });
    expect(await up()).toMatchObject({ code: 0, output: 'nothing to migrate\n' });
  });
});

test('a label that somebody else had added before is no work of the file', async () => {
  const url = await postgres.createDatabase();
  const folder = migrationFolder({
    '0001_t': `${table} ALTER TYPE mood ADD VALUE 'happy';`,
    '0002_it': bare(`ALTER TYPE mood ADD VALUE 'happy';`),
  });
  for (const time of ['first', 'second']) {
    const run = await migrate(url, ['up', '--folder', folder]);
    expect(run.output, time).toContain('enum label "happy" already exists');
    expect(run.output, time).not.toContain('migrate repair');
  }
});

test('a file that was never begun cannot be taken as applied', async () => {
  const url = await postgres.createDatabase();
  const folder = migrationFolder({ '0001_t': table });
  expect(
    await migrate(url, ['repair', '0001_t', '--reason', 'x', '--folder', folder]),
  ).toMatchObject({ code: exitCodes.usage, output: text('is not applied') });
});

describe('REINDEX CONCURRENTLY', () => {
  const left = `SELECT relname FROM pg_class WHERE relname ~ '_cc(new|old)'`;

  test.each(['INDEX CONCURRENTLY i', 'SCHEMA CONCURRENTLY public'])(
    'leaves no half-built index, however often it was broken off: %s',
    async (what) => {
      const url = await postgres.createDatabase();
      const files = {
        '0001_t': `${table} CREATE INDEX i ON t (a);`,
        '0002_it': bare(`REINDEX ${what};`),
      };
      const folder = migrationFolder(files);
      expect(await migrate(url, ['up', '--step', '1', '--folder', folder])).toMatchObject({
        code: 0,
      });
      // It has to wait for a reader, and gives up before that has ended.
      const brokenOff = async (attempt: () => Promise<unknown>): Promise<void> => {
        const reader = postgres.query('BEGIN; SELECT count(*) FROM t; SELECT pg_sleep(1)', url);
        await sleep(200);
        await attempt();
        await reader;
      };
      const hasty = `${url}?options=-c%20statement_timeout%3D400`;
      for (let attempt = 0; attempt < 2; attempt++)
        await brokenOff(() => postgres.query(`REINDEX ${what}`, hasty).catch(() => {}));
      expect((await postgres.query(left, url)).length).toBeGreaterThanOrEqual(2);
      const again = await migrate(url, ['up', '--folder', folder]);
      expect(again, again.output).toMatchObject({
        code: 0,
        output: text('dropped the invalid index'),
      });
      expect(await postgres.query(left, url)).toEqual([]);
    },
  );
});
