import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate, migrationFolder } from '../../../tests/support/migrate.ts';
import { TestPostgres } from '../../../tests/support/postgres.ts';

let postgres: TestPostgres;
beforeAll(async () => void (postgres = await TestPostgres.start()));
afterAll(() => postgres?.stop());

const up = (url: string, files: Parameters<typeof migrationFolder>[0]) =>
  migrate(url, ['up', '--folder', migrationFolder(files)]);
const bare = '-- slipway: no-transaction\n';
const tables = `CREATE TABLE models (id int PRIMARY KEY, name text);
  CREATE TABLE chats (id int, model_id int REFERENCES models);
  INSERT INTO models VALUES (1, 'old');
  CREATE ROLE reader; GRANT USAGE ON SCHEMA public TO reader;`;
const session = `SELECT current_user::text || session_user AS who, current_setting('search_path') AS path,
  current_setting('TimeZone') AS zone, current_setting('client_encoding') AS encoding,
  current_setting('session_replication_role') AS role, current_setting('statement_timeout') AS timeout,
  current_setting('default_transaction_read_only') AS readonly, coalesce(current_setting('app.tenant', true), '') AS own,
  (SELECT count(*)::int FROM pg_prepared_statements) AS prepared, (SELECT count(*)::int FROM pg_cursors) AS cursors,
  (SELECT count(*)::int FROM pg_class WHERE relpersistence = 't') AS temporary,
  (SELECT count(*)::int FROM pg_listening_channels()) AS listening,
  (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks`;
const seen = `CREATE TABLE seen AS ${session};`;

/** What a file finds when nothing ran before it. */
async function undisturbed(): Promise<unknown> {
  const url = await postgres.createDatabase();
  expect(
    await up(url, { '0001_t': tables.replace(/CREATE ROLE.*/, ''), '0003_seen': seen }),
  ).toMatchObject({ code: 0 });
  return (await postgres.query('SELECT * FROM seen', url))[0];
}

test.each([
  ['its replication role', 'SET session_replication_role = replica;'],
  ['a time zone', "SET TIME ZONE 'Asia/Tokyo';"],
  ['a client encoding', "SET client_encoding = 'LATIN1';"],
  ['a search path', "SELECT pg_catalog.set_config('search_path', '', false);"],
  ['a role', 'SET ROLE reader;'],
  ['an identity', 'SET SESSION AUTHORIZATION reader;'],
  ['a setting of its own', "SET app.tenant = 'a';"],
  ['a default for transactions', 'SET default_transaction_read_only = on;'],
  ['a timeout', 'SET statement_timeout = 12345;'],
  ['a temporary table', 'CREATE TEMP TABLE models AS SELECT * FROM models;'],
  [
    'a temporary table of the name of the bookkeeping',
    'CREATE TEMP TABLE slipway_migrations (LIKE slipway_migrations); CREATE TEMP TABLE slipway_migration_history (LIKE slipway_migration_history INCLUDING ALL);',
  ],
  ['a prepared statement', 'PREPARE p AS SELECT 1;'],
  ['a cursor', 'DECLARE c CURSOR WITH HOLD FOR SELECT 1;'],
  ['a channel it listens to', 'LISTEN c;'],
  ['locks', 'SELECT pg_advisory_lock(-7), pg_advisory_lock(1, -2), pg_advisory_lock_shared(3);'],
])('%s does not reach the next file, nor the bookkeeping', async (_what, leaves) => {
  const url = await postgres.createDatabase();
  await postgres.query('DROP ROLE IF EXISTS reader', url);
  const run = await up(url, { '0001_t': tables, '0002_leaves': leaves, '0003_seen': seen });
  expect(run, run.output).toMatchObject({ code: 0 });
  const [found] = await postgres.query('SELECT * FROM seen', url);
  const names = await postgres.query('SELECT name FROM slipway_migrations ORDER BY name', url);
  await postgres.query('DROP OWNED BY reader; DROP ROLE reader', url);
  expect(found).toEqual(await undisturbed());
  expect(names.map(({ name }) => name)).toEqual(['0001_t', '0002_leaves', '0003_seen']);
});

test('what a file outside a transaction sets ends with it, and with a file that fails', async () => {
  const url = await postgres.createDatabase();
  const sets = `${bare}DO $$ BEGIN PERFORM set_config('search_path', 'pg_temp', false); END $$;`;
  const run = await up(url, { '0001_sets': sets, '0002_seen': seen });
  expect(run, run.output).toMatchObject({ code: 0 });
  expect(await postgres.query('SELECT path, locks FROM seen', url)).toEqual([
    { path: 'public', locks: 1 },
  ]);
});

test('a reference that another file switched off is checked in the next one', async () => {
  const url = await postgres.createDatabase();
  const models = tables.replace(/CREATE ROLE.*/, '');
  const run = await up(url, {
    '0001_t': models,
    '0002_off': 'SET session_replication_role = replica; INSERT INTO chats VALUES (1, 1);',
    '0003_chat': 'INSERT INTO chats VALUES (2, 99);',
  });
  expect(run.output).toContain('violates foreign key constraint');
  expect(await postgres.query('SELECT id FROM chats', url)).toEqual([{ id: 1 }]);
});

test('`up --to` a migration that is applied has nothing to do', async () => {
  const url = await postgres.createDatabase();
  const folder = migrationFolder({ '0001_a': 'SELECT 1;', '0002_b': 'SELECT 1;' });
  const to = (name: string) => migrate(url, ['up', '--to', name, '--folder', folder]);
  expect(await to('0001_a')).toMatchObject({ code: 0 });
  const again = await to('0001_a');
  expect(again, again.output).toMatchObject({ code: 0 });
  expect(again.output).toContain('nothing to migrate');
  expect(await to('0009_z')).toMatchObject({ code: 2 });
});
