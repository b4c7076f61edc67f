import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { readMigrations } from '../files/files.ts';
import { migrate, migrationFolder } from '../../../tests/support/migrate.ts';
import { TestPostgres } from '../../../tests/support/postgres.ts';
import { dockerClient } from '../../../infra/docker-engine/dockerClient.ts';
import { dockerHost } from '../../../infra/docker-engine/host.ts';
import { pgDump } from '../../../infra/docker-engine/postgresTools.ts';
import { migrateCommand } from '../cli/cli.ts';
import { exitCodes } from '../exit.ts';

// Each runs every file three times, and pg_dump as often.
vi.setConfig({ testTimeout: 300_000 });

let postgres: TestPostgres;
beforeAll(async () => void (postgres = await TestPostgres.start()));
afterAll(() => postgres?.stop());

const folders: string[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const text = (part: string): string => expect.stringContaining(part) as string;
const expand = (up: string, down = 'SELECT 1;', more = '') => ({
  up: `-- slipway: phase=expand reversible=yes ${more}\n${up}`,
  down,
});

async function database(): Promise<string> {
  const url = new URL(await postgres.createDatabase());
  const name = url.pathname.slice(1);
  await postgres.query(`ALTER DATABASE ${name} RENAME TO ${name}_trial`);
  url.pathname = `/${name}_trial`;
  return url.href;
}

/** `migrate trial …` in this process, with the pg_dump of the server's own container. */
async function runTrial(
  url: string,
  folder: string,
  ...args: string[]
): Promise<{ code: number; output: string }> {
  let output = '';
  const keep = (chunk: string | Uint8Array): boolean => ((output += String(chunk)), true);
  vi.spyOn(process.stdout, 'write').mockImplementation(keep);
  vi.spyOn(process.stderr, 'write').mockImplementation(keep);
  const container = postgres.container?.container.id;
  const name = new URL(url).pathname.slice(1);
  const code = await migrateCommand(['trial', ...args], folder, () => ({
    ...{
      databaseUrl: url,
      schema: 'public',
      release: 'unknown',
      production: false,
      connectWaitMs: 5_000,
      lockWaitMs: 5_000,
    },
    ...{ lockTimeoutMs: 3_000, statementTimeoutMs: 60_000, attempts: 5 },
    ...(container && {
      pgDump: (options: string[]) =>
        pgDump(dockerClient(dockerHost()), { container, user: 'slipway', name }, options),
    }),
  }));
  vi.restoreAllMocks();
  return { code, output };
}

const migrationsFolder = join(import.meta.dirname, '../..');
const projectMigrations = readMigrations(migrationsFolder).map(({ name }) => name);

/** The project's own migrations, with those of a folder beside this file behind them. */
function projectFolder(fixture: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-trial-'));
  folders.push(folder);
  const sql = (source: string): boolean => !source.endsWith('runner');
  cpSync(migrationsFolder, folder, { recursive: true, filter: sql });
  const from = join(import.meta.dirname, 'fixtures', fixture);
  for (const file of readdirSync(from)) {
    // Their budgets are for a machine with nothing else to do; the tests here are about locks and
    // schemas.
    const text = readFileSync(join(from, file), 'utf8').replace(
      / time_budget=\S+ max_wait=\S+/,
      '',
    );
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

const unhurried = ['--budget', '1h', '--max-wait', '1h'];

const report = (output: string) =>
  JSON.parse(output.split('\n').find((line) => line.startsWith('{"rows"')) ?? 'null') as {
    rows: Record<string, number>;
    files: {
      name: string;
      up: { locks: unknown[]; reader: { on: string } | null; writer: { on: string } | null };
      leftOut: string | null;
    }[];
    overBudget: string[];
    notRestored: string[];
  };

// Each row takes its time, so how long the table is locked does not depend on the machine: 6 s in
// one piece, or 0.1 s at once.
const slow = '(SELECT 1 FROM pg_sleep(0.02))';
const filled = {
  '0001_t': expand('CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL);', 'DROP TABLE t;'),
};

test('a migration that rewrites a table is over its budget; its lock-friendly rewrite is not', async () => {
  const budget = 'max_wait=4s';
  const rewrite = migrationFolder({
    ...filled,
    '0002_v': expand(
      `ALTER TABLE t ALTER v TYPE bigint USING v + 0 * ${'pg_sleep_one()'};`,
      'ALTER TABLE t ALTER v TYPE int;',
      budget,
    ),
  });
  const sleeper = `CREATE FUNCTION pg_sleep_one() RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1 FROM pg_sleep(0.02)';`;
  const url = await database();
  await postgres.query(sleeper, url);
  const over = await runTrial(url, rewrite, '--rows', '300', '--json');
  expect(over.code).toBe(exitCodes.overBudget);
  expect(report(over.output).overBudget).toEqual([
    text('0002_v kept a reader of t waiting for'),
    text('0002_v kept a writer of t waiting for'),
  ]);
  expect(report(over.output).files[1]?.up.locks).toEqual([{ mode: 'AccessExclusive', on: 't' }]);

  const friendly = migrationFolder({
    ...filled,
    '0002_w': expand('ALTER TABLE t ADD COLUMN w bigint;', 'ALTER TABLE t DROP COLUMN w;', budget),
    '0003_w': expand(
      `DO $$ BEGIN
         FOR batch IN 0..59 LOOP
           UPDATE t SET w = v + 0 * ${slow} WHERE id BETWEEN batch * 5 AND batch * 5 + 4;
           COMMIT;
         END LOOP;
       END $$;`,
      'SELECT 1;',
      `no-transaction ${budget}`,
    ),
  });
  const other = await database();
  await postgres.query(sleeper, other);
  const fine = await runTrial(other, friendly, '--rows', '300');
  expect(fine).toMatchObject({ code: 0, output: text('3 tried: within budget') });
});

test('time_budget is about the time of the file itself', async () => {
  const folder = migrationFolder({
    '0001_a': expand('SELECT pg_sleep(0.3);', 'SELECT 1;', 'time_budget=100ms'),
  });
  expect(await runTrial(await database(), folder)).toMatchObject({
    code: exitCodes.overBudget,
    output: text('its time_budget is 100 ms'),
  });
  const within = migrationFolder({ '0001_a': expand('SELECT pg_sleep(0.3);') });
  expect(await runTrial(await database(), within, '--budget', '5min')).toMatchObject({ code: 0 });
  expect(await runTrial(await database(), within, '--budget', '100ms')).toMatchObject({
    code: exitCodes.overBudget,
  });
});

test('a down file that does not bring back the schema is found, and the difference shown', async () => {
  const folder = migrationFolder({
    ...filled,
    '0002_w': expand(
      'ALTER TABLE t ADD COLUMN w int; CREATE INDEX t_v ON t (v);',
      'ALTER TABLE t DROP COLUMN w; DROP INDEX t_v; ALTER TABLE t ALTER v DROP NOT NULL;',
    ),
  });
  const { code, output } = await runTrial(await database(), folder, '--rows', '10');
  expect(code).toBe(exitCodes.notRestored);
  expect(output).toContain(
    '0002_w: the down file does not bring back the schema (- before up, + after down):',
  );
  expect(output).toMatch(/^ {2}- {4}v integer NOT NULL$/m);
  expect(output).toMatch(/^ {2}\+ {4}v integer$/m);
  expect(output).toContain('0002_w: up after down does not make the same schema');
});

test('what cannot be reverted is left out of the way down, and the others are not', async () => {
  const folder = migrationFolder({
    ...filled,
    '0002_gone': {
      up: '-- slipway: phase=contract reversible=no\nALTER TABLE t DROP COLUMN v;',
      down: null,
    },
    '0003_said': {
      up: '-- slipway: phase=expand reversible=no\nALTER TABLE t ADD COLUMN x int;',
      down: 'SELECT 1;',
    },
    '0004_back': expand('ALTER TABLE t ADD COLUMN y int;', 'ALTER TABLE t DROP COLUMN y;'),
  });
  const { code, output } = await runTrial(await database(), folder, '--rows', '10');
  expect(code).toBe(0);
  expect(output).toContain('0002_gone: left out of the way down and up again: it has no down file');
  expect(output).toContain(
    '0003_said: left out of the way down and up again: its header says reversible=no',
  );
  expect(output.match(/^reverting .* done/gm)).toEqual([text('0001_t'), text('0004_back')]);
});

test("the project's own migrations can be tried with rows, up to a rewrite of the newest table", async () => {
  const { code, output } = await runTrial(
    await database(),
    projectFolder('rewrite'),
    '--rows',
    '300,models=20',
    ...unhurried,
    '--json',
  );
  const { rows, files, overBudget, notRestored } = report(output);
  expect({ code, overBudget, notRestored }).toEqual({ code: 0, overBudget: [], notRestored: [] });
  expect(rows).toEqual({
    ...{ users: 300, sessions: 300, refresh_tokens: 300, models: 18 },
    ...{ conversations: 300, conversation_members: 300, messages: 300 },
  });
  expect(files.map(({ name }) => name)).toEqual([...projectMigrations, '9001_seq_numeric']);
  expect(files[1]?.up.locks).toEqual([{ mode: 'AccessExclusive', on: 'users' }]);
  expect(files.at(-1)?.up.locks).toEqual([{ mode: 'AccessExclusive', on: 'messages' }]);
});

test('a rewrite in lock-friendly steps never locks out readers while it goes over the rows', async () => {
  const { code, output } = await runTrial(
    await database(),
    projectFolder('friendly'),
    ...['--from', projectMigrations.at(-1)!, '--rows', '50,messages=20000', ...unhurried, '--json'],
  );
  const { rows, files, notRestored } = report(output);
  expect({ code, notRestored }).toEqual({ code: 0, notRestored: [] });
  expect(rows).toMatchObject({ messages: 20_000, users: 50 });
  expect(files.map(({ name, up }) => [name, up.locks])).toMatchObject([
    ['9001_seq_wide', [{ mode: 'AccessExclusive', on: 'messages' }]],
    ['9002_seq_wide_backfill', [{ mode: 'RowExclusive', on: 'messages' }]],
    ['9003_seq_wide_valid', [{ mode: 'ShareUpdateExclusive', on: 'messages' }]],
    ['9004_seq_wide_key', expect.anything()],
  ]);
});

test('rows satisfy every kind of constraint', async () => {
  const url = await database();
  await postgres.query(
    `CREATE TYPE mood AS ENUM ('fine', 'so "so"', 'it''s bad');
     CREATE DOMAIN code AS text CHECK (length(VALUE) > 3);
     CREATE DOMAIN plate AS text CHECK (VALUE ~ '^[A-Z]{3}-\\d{4}$');
     CREATE TABLE kinds (name text PRIMARY KEY CHECK (name IN ('a', 'b', 'c')));
     CREATE TABLE orgs (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, boss_id int);
     CREATE TABLE people (
       id serial PRIMARY KEY, org_id bigint NOT NULL REFERENCES orgs, friend_id int REFERENCES people,
       mood mood NOT NULL, moods mood[] NOT NULL, tags text[] NOT NULL, short varchar(3) NOT NULL UNIQUE, price numeric(5, 2) NOT NULL,
       age int NOT NULL CHECK (age BETWEEN 18 AND 99), share real NOT NULL CHECK (share > 0 AND share <= 1), code code NOT NULL,
       mail text NOT NULL CHECK (mail ~ '^[^@]+@[^@]+$'), data jsonb NOT NULL CHECK (jsonb_typeof(data) = 'array'),
       hash bytea NOT NULL CHECK (length(hash) > 16), small smallint NOT NULL, born date NOT NULL, at time NOT NULL, took interval NOT NULL,
       address inet NOT NULL, span tstzrange, "Odd ""Name" text NOT NULL, twice int GENERATED ALWAYS AS (age * 2) STORED,
       from_at timestamptz NOT NULL, to_at timestamptz NOT NULL, CHECK (to_at > from_at));
     CREATE TABLE cars (
       id int PRIMARY KEY, owner_id int NOT NULL REFERENCES people, plate plate NOT NULL, hash bytea NOT NULL CHECK (length(hash) = 16), span tstzrange NOT NULL,
       left_id int, right_id int, CHECK (num_nonnulls(left_id, right_id) = 1), flag boolean NOT NULL, why text, CHECK (flag = (why IS NOT NULL)));
     CREATE TABLE trips (id int PRIMARY KEY, car_id int NOT NULL REFERENCES cars);
     CREATE UNIQUE INDEX ON people (lower(mail));
     ALTER TABLE orgs ADD FOREIGN KEY (boss_id) REFERENCES people;
     CREATE TABLE members (org_id bigint REFERENCES orgs, person_id int REFERENCES people, kind text NOT NULL REFERENCES kinds, PRIMARY KEY (org_id, person_id));
     CREATE TABLE seats (org_id bigint, person_id int, number int NOT NULL, UNIQUE (org_id, person_id), FOREIGN KEY (org_id, person_id) REFERENCES members);
     CREATE TABLE profiles (person_id int PRIMARY KEY REFERENCES people, UNIQUE (person_id));`,
    url,
  );
  const folder = migrationFolder({ '0001_a': expand('SELECT 1;') });
  // No simple value fits a pattern or several columns at once: a person writes those rows.
  const cars = `INSERT INTO cars SELECT n, 1, 'ABC-1234', '\\x00112233445566778899aabbccddeeff', '[2025-01-01,2025-01-02)', n, NULL, true, 'why' FROM generate_series(1, :rows) AS n`;
  writeFileSync(join(folder, 'trial.json'), JSON.stringify({ fill: { cars } }));
  const { code, output } = await runTrial(
    url,
    folder,
    '--rows',
    '200,profiles=500,members=900',
    '--json',
  );
  expect(code, output).toBe(0);
  expect(report(output).rows).toEqual({
    ...{
      kinds: 3,
      orgs: 200,
      people: 200,
      members: 900,
      seats: 200,
      profiles: 200,
      cars: 200,
      trips: 200,
    },
  });
  expect(output).toContain('kinds gets 3 rows: its unique indexes let no more in');
  // Keys are not looked up while rows are generated; here each is.
  const keys = await postgres.query(
    `SELECT conrelid::regclass::text AS on, pg_get_constraintdef(oid) AS definition FROM pg_constraint
      WHERE contype = 'f' AND connamespace = 'public'::regnamespace`,
    url,
  );
  expect(keys).toHaveLength(10);
  for (const { on, definition } of keys)
    await postgres.query(`ALTER TABLE ${String(on)} ADD ${String(definition)}`, url);
});

test('a table that cannot be filled is named, with what stands in the way and the way out', async () => {
  const url = await database();
  await postgres.query(
    `CREATE TABLE odd (id int PRIMARY KEY, v text NOT NULL, CONSTRAINT sum CHECK (md5(v) = v OR v = reverse('dcba') || id))`,
    url,
  );
  const folder = migrationFolder({ '0001_a': expand('SELECT 1;') });
  const refused = await runTrial(url, folder, '--rows', '5');
  expect(refused.code).toBe(exitCodes.usage);
  expect(refused.output).toMatch(
    /The table odd cannot be filled .* id, v .*\(sum: .*--rows odd=0.*trial\.json.*INSERT INTO odd \(id, v\)/s,
  );
  expect(await runTrial(url, folder, '--rows', '5,odd=0')).toMatchObject({ code: 0 });
  const fill = { odd: `INSERT INTO odd SELECT n, 'abcd' || n FROM generate_series(1, :rows) AS n` };
  const own = migrationFolder({ '0001_a': expand('SELECT 1;'), '0002_b': expand('SELECT 2;') });
  writeFileSync(join(own, 'trial.json'), JSON.stringify({ rows: 5, fill }));
  const filledByHand = await runTrial(url, own, '--json');
  expect(filledByHand.code).toBe(0);
  expect(report(filledByHand.output).rows).toEqual({ odd: 5 });
});

test('a column without a simple value is named, with its check and the statement to write', async () => {
  const url = await database();
  await postgres.query(
    `CREATE TABLE odd (id int PRIMARY KEY, plate text NOT NULL CHECK (plate ~ '^[A-Z]{3}-\\d{4}$'))`,
    url,
  );
  const folder = migrationFolder({ '0001_a': expand('SELECT 1;') });
  const refused = await runTrial(url, folder, '--rows', '5');
  expect(refused.code).toBe(exitCodes.usage);
  expect(refused.output).toMatch(
    /The table odd cannot be filled .*the column plate \(text\).*A-Z.*INSERT INTO odd \(id, plate\) SELECT/s,
  );
});

test('what old code would stumble over while a file goes up is told', async () => {
  const folder = migrationFolder({
    ...filled,
    '0002_gone': {
      up: '-- slipway: phase=contract reversible=no\nALTER TABLE t RENAME TO u; SELECT pg_sleep(0.2);',
      down: null,
    },
  });
  const { code, output } = await runTrial(await database(), folder, '--rows', '10');
  expect(code).toBe(0);
  expect(output).toContain(
    '0002_gone: meanwhile a reader of t: relation "public.t" does not exist',
  );
});

test('a database that is not called a trial is refused, and left as it is', async () => {
  const url = await postgres.createDatabase();
  await postgres.query('CREATE TABLE t (id int)', url);
  const refused = await migrate(url, ['trial', '--folder', migrationFolder(filled)]);
  expect(refused).toMatchObject({
    code: exitCodes.usage,
    output: text('throw-away database only'),
  });
  expect(
    await postgres.query(
      `SELECT count(*)::int AS n, to_regclass('slipway_migrations') AS ledger FROM t`,
      url,
    ),
  ).toEqual([{ n: 0, ledger: null }]);
});

test('`rehearse`, its name before, goes on working, on a database called a rehearsal, and says so', async () => {
  const url = new URL(await database());
  const name = url.pathname.slice(1);
  await postgres.query(`ALTER DATABASE ${name} RENAME TO ${name.replace('_trial', '_rehearsal')}`);
  url.pathname = `/${name.replace('_trial', '_rehearsal')}`;
  const folder = migrationFolder({
    '0001_a': { up: '-- slipway: phase=expand reversible=no\nSELECT 1;', down: null },
  });
  expect(await migrate(url.href, ['rehearse', '--folder', folder])).toMatchObject({
    code: 0,
    output: text('`migrate rehearse` is called `migrate trial` now'),
  });
});

test('without pg_dump it says where there is one', async () => {
  const refused = await migrate(await database(), ['trial', '--folder', migrationFolder(filled)], {
    PATH: '/nowhere',
  });
  expect(refused).toMatchObject({ code: exitCodes.usage, output: text('no pg_dump on the PATH') });
});
