import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate, migrationFolder } from '../../../tests/support/migrate.ts';
import { TestPostgres } from '../../../tests/support/postgres.ts';

let postgres: TestPostgres;
beforeAll(async () => void (postgres = await TestPostgres.start()));
afterAll(() => postgres?.stop());

type Files = Parameters<typeof migrationFolder>[0];

/** A database, and a role that nobody has made yet. */
async function place() {
  const url = await postgres.createDatabase();
  const role = `app_${randomBytes(4).toString('hex')}`;
  const appUrl = (password = 'a-password-of-its-own') => {
    const app = new URL(url);
    Object.assign(app, { username: role, password });
    return app.href;
  };
  const run = (files: Files, env: NodeJS.ProcessEnv = {}) =>
    migrate(url, ['up', '--folder', migrationFolder(files)], {
      APP_DATABASE_URL: appUrl(),
      ...env,
    });
  const asOwner = (sql: string) => postgres.query(sql, url);
  const asApp = (sql: string) => postgres.query(sql, appUrl());
  return { url, role, appUrl, run, asOwner, asApp };
}

const notes = 'CREATE TABLE notes (id serial PRIMARY KEY, text text);';
const denied = /permission denied|must be owner/;

test('the app reads and writes rows, in tables of any file', async () => {
  const { run, asApp } = await place();
  const made = await run({ '0001_notes': notes, '0002_more': 'CREATE TABLE more (id int);' });
  expect(made, made.output).toMatchObject({ code: 0 });
  expect(made.output).toContain('reads and writes rows, no more');
  await asApp("INSERT INTO notes (text) VALUES ('one')");
  await asApp("UPDATE notes SET text = 'two'");
  expect(await asApp('SELECT text FROM notes')).toEqual([{ text: 'two' }]);
  await asApp('DELETE FROM notes');
  await asApp('INSERT INTO more VALUES (1)');
});

test.each([
  ['create a table', 'CREATE TABLE mine (id int)'],
  ['create a schema', 'CREATE SCHEMA mine'],
  ['alter a table', 'ALTER TABLE notes ADD COLUMN x int'],
  ['drop a table', 'DROP TABLE notes'],
  ['empty a table', 'TRUNCATE notes'],
  ['disable a trigger', 'ALTER TABLE notes DISABLE TRIGGER ALL'],
  ['create a function', 'CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1'],
  ['create a role', 'CREATE ROLE mine'],
  ['become the owner', 'SET ROLE slipway'],
  ['say that a migration is applied', 'DELETE FROM slipway_migrations'],
  ['read the history', 'SELECT * FROM slipway_migration_history'],
  ['read files of the server', "SELECT pg_read_file('/etc/passwd')"],
  ['run programs', "COPY notes FROM PROGRAM 'id'"],
])('the app cannot %s', async (_what, sql) => {
  const { run, asApp } = await place();
  expect(await run({ '0001_notes': notes })).toMatchObject({ code: 0 });
  expect(await asApp('SELECT name FROM slipway_migrations')).toEqual([{ name: '0001_notes' }]);
  await expect(asApp(sql)).rejects.toThrow(denied);
});

test('a database that was migrated without the role gets it, and the app all tables in it', async () => {
  const { run, asApp, url } = await place();
  expect(await run({ '0001_notes': notes }, { APP_DATABASE_URL: '' })).toMatchObject({ code: 0 });
  await postgres.query(
    "INSERT INTO notes (text) VALUES ('old'); GRANT SELECT ON notes TO pg_monitor",
    url,
  );
  expect(await run({ '0001_notes': notes })).toMatchObject({ code: 0 });
  expect(await asApp('SELECT text FROM notes')).toEqual([{ text: 'old' }]);
  await expect(asApp('DELETE FROM slipway_migration_history')).rejects.toThrow(denied);
});

test('nothing is said and nothing done where everything is right', async () => {
  const { run, asOwner } = await place();
  await run({ '0001_notes': notes });
  const rights = () =>
    asOwner("SELECT xmin, relacl FROM pg_class WHERE relname = 'notes' OR relname LIKE 'slipway%'");
  const before = await rights();
  const again = await run({ '0001_notes': notes });
  expect(again.output).toBe('nothing to migrate\n');
  expect(await rights()).toEqual(before);
});

test('what a migration revoked stays revoked', async () => {
  const { run, asApp, role } = await place();
  const files: Files = {
    '0001_notes': notes,
    '0002_audit': `CREATE TABLE audit (id int); REVOKE UPDATE, DELETE ON audit FROM ${role};`,
    '0003_hidden': `CREATE TABLE hidden (id int); REVOKE ALL ON hidden FROM ${role};`,
  };
  expect(await run(files)).toMatchObject({ code: 0 });
  expect(await run({ ...files, '0004_more': 'SELECT 1;' })).toMatchObject({ code: 0 });
  await asApp('INSERT INTO audit VALUES (1)');
  await expect(asApp('DELETE FROM audit')).rejects.toThrow(denied);
  await expect(asApp('SELECT * FROM hidden')).rejects.toThrow(denied);
});

test('a table that takes the place of another is there for the app in the same moment', async () => {
  const { run, asApp } = await place();
  await run({ '0001_notes': notes });
  const failed = await run({
    '0001_notes': notes,
    '0002_new':
      'ALTER TABLE notes RENAME TO old; CREATE TABLE notes (id int); DROP TABLE old CASCADE;',
    '0003_bad': 'SELECT 1 / 0;',
  });
  // The run ended in the middle.
  expect(failed).toMatchObject({ code: 1 });
  expect(await asApp('SELECT * FROM notes')).toEqual([]);
});

test('tables of another role, views and sequences get their rights when the run ends', async () => {
  const { run, asApp, asOwner, role } = await place();
  await asOwner(`CREATE ROLE ${role}_other; GRANT CREATE ON SCHEMA public TO ${role}_other`);
  const made = await run({
    '0001_other': `SET ROLE ${role}_other; CREATE TABLE others (id int);`,
    '0002_views': `CREATE VIEW seen AS SELECT 1 AS id; CREATE MATERIALIZED VIEW kept AS SELECT 1 AS id;
      CREATE SEQUENCE numbers; CREATE TABLE parts (id int) PARTITION BY RANGE (id);
      CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (9);`,
  });
  expect(made, made.output).toMatchObject({ code: 0 });
  await asApp('INSERT INTO others VALUES (1); INSERT INTO parts VALUES (1)');
  await asApp('SELECT * FROM seen, kept, part; ');
  await asApp("SELECT nextval('numbers')");
});

test('another password is given to the role, and no log of the server sees it', async () => {
  const { run, appUrl, asOwner, role } = await place();
  const { container } = postgres;
  if (!container) throw new Error('This test reads the log of a server of its own.');
  await run({ '0001_notes': notes });
  await asOwner("ALTER SYSTEM SET log_statement = 'all'");
  await asOwner('SELECT pg_reload_conf()');
  const changed = await run(
    { '0001_notes': notes },
    { APP_DATABASE_URL: appUrl('another-password') },
  );
  expect(changed, changed.output).toMatchObject({ code: 0 });
  expect(changed.output).toContain(`the role ${role} has its new password`);
  expect(await postgres.query('SELECT 1 AS one', appUrl('another-password'))).toEqual([{ one: 1 }]);
  await expect(postgres.query('SELECT 1', appUrl())).rejects.toThrow(/authentication failed/);
  const log = String(await container.container.logs({ stdout: true, stderr: true }));
  expect(log).toContain('ALTER ROLE');
  expect(log).not.toContain('another-password');
});

test.each(['SUPERUSER', 'CREATEROLE', 'BYPASSRLS', 'IN ROLE slipway'])(
  'a role that may do more is refused before anything is migrated: %s',
  async (might) => {
    const { run, asOwner, role } = await place();
    await asOwner(`CREATE ROLE ${role} LOGIN PASSWORD 'x' ${might}`);
    const refused = await run({ '0001_notes': notes });
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.output).toContain('may do more than read and write rows');
    expect(await asOwner("SELECT to_regclass('notes') AS made")).toEqual([{ made: null }]);
  },
);

test('the role that migrates is refused as the app’s', async () => {
  const { run, url } = await place();
  const refused = await run({ '0001_notes': notes }, { APP_DATABASE_URL: url });
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.output).toContain('the role that migrates');
});

test('an owner who is no superuser makes the role where he may make roles, and is told what is missing where not', async () => {
  const { url, run, asApp, asOwner, role } = await place();
  await asOwner(`CREATE ROLE ${role}_owner LOGIN PASSWORD 'x' CREATEROLE`);
  await asOwner(`ALTER DATABASE ${new URL(url).pathname.slice(1)} OWNER TO ${role}_owner`);
  const owner = new URL(url);
  Object.assign(owner, { username: `${role}_owner`, password: 'x' });
  const asMaster = { DATABASE_URL: owner.href };
  await asOwner(`ALTER ROLE ${role}_owner NOCREATEROLE`);
  const refused = await run({ '0001_notes': notes }, asMaster);
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.output).toContain('CREATEROLE');
  await asOwner(`ALTER ROLE ${role}_owner CREATEROLE`);
  const made = await run({ '0001_notes': notes }, asMaster);
  expect(made, made.output).toMatchObject({ code: 0 });
  await asApp("INSERT INTO notes (text) VALUES ('one')");
  await expect(asApp('CREATE TABLE mine (id int)')).rejects.toThrow(denied);
});

test('databases of one server that are migrated at once share the role', async () => {
  const { appUrl, role } = await place();
  const urls = await Promise.all([1, 2, 3, 4].map(() => postgres.createDatabase()));
  const runs = await Promise.all(
    urls.map((url) =>
      migrate(url, ['up', '--folder', migrationFolder({ '0001_notes': notes })], {
        APP_DATABASE_URL: appUrl(),
      }),
    ),
  );
  for (const run of runs) expect(run, run.output).toMatchObject({ code: 0 });
  for (const url of urls) {
    const app = new URL(url);
    Object.assign(app, { username: role, password: 'a-password-of-its-own' });
    expect(await postgres.query('SELECT * FROM notes', app.href)).toEqual([]);
  }
});
