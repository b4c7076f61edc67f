import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate, migrationFolder } from '../../../tests/support/migrate.ts';
import { TestPostgres } from '../../../tests/support/postgres.ts';

let postgres: TestPostgres;
beforeAll(async () => void (postgres = await TestPostgres.start()));
afterAll(() => postgres?.stop());

test('a row says how long its file took, in milliseconds', async () => {
  const url = await postgres.createDatabase();
  const folder = migrationFolder({ '0001_slow': 'SELECT pg_sleep(0.3);' });
  expect(await migrate(url, ['up', '--folder', folder])).toMatchObject({ code: 0 });
  const [row] = await postgres.query('SELECT duration_ms FROM slipway_migrations', url);
  expect(row?.['duration_ms']).toBeGreaterThanOrEqual(300);
  expect(row?.['duration_ms']).toBeLessThan(60_000);
});

test('a repair whose reason cannot be kept changes nothing', async () => {
  const url = await postgres.createDatabase();
  const up = (sql: string, verb: string[]) =>
    migrate(url, [...verb, '--folder', migrationFolder({ '0001_t': sql })]);
  expect(await up('CREATE TABLE t (id int);', ['up'])).toMatchObject({ code: 0 });
  const checksum = 'SELECT checksum FROM slipway_migrations';
  const before = await postgres.query(checksum, url);
  await postgres.query(
    `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no room'; END $$;
     CREATE TRIGGER refuse BEFORE INSERT ON slipway_migration_history EXECUTE FUNCTION refuse();`,
    url,
  );
  const repair = ['repair', '0001_t', '--reason', 'a comment only'];
  const failed = await up('CREATE TABLE t (id int); -- edited', repair);
  expect(failed.code).not.toBe(0);
  expect(failed.output).toContain('no room');
  expect(await postgres.query(checksum, url)).toEqual(before);
});

test('a row of an earlier version, which kept less, is not taken for an irreversible one: its file is missing', async () => {
  const url = await postgres.createDatabase();
  const files = { '0001_t': 'CREATE TABLE t (id int);', '0002_u': 'CREATE TABLE u (id int);' };
  const up = (of: Parameters<typeof migrationFolder>[0]) =>
    migrate(url, ['up', '--folder', migrationFolder(of)]);
  expect(await up(files)).toMatchObject({ code: 0 });
  await postgres.query(
    'ALTER TABLE slipway_migrations DROP COLUMN phase, DROP COLUMN reversible, DROP COLUMN down_checksum',
    url,
  );
  const older = await up({ '0001_t': files['0001_t'] });
  expect(older, older.output).toMatchObject({ code: 8 });
  expect(older.output).toContain('not among the files: 0002_u');
});
