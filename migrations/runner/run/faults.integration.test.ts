import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import pg from 'pg';
import { eventually } from '../../../tests/support/containers.ts';
import { migrate, migrationFolder, startMigrate } from '../../../tests/support/migrate.ts';
import { TestPostgres } from '../../../tests/support/postgres.ts';
import { describeSchema } from '../../../tests/support/schema.ts';
import { exitCodes, type ExitReason } from '../exit.ts';

let postgres: TestPostgres;
beforeAll(async () => void (postgres = await TestPostgres.start()));
afterAll(() => postgres?.stop());

const up = (url: string, folder: string, env?: NodeJS.ProcessEnv) =>
  migrate(url, ['up', '--folder', folder], env);
const text = (part: string): string => expect.stringContaining(part) as string;

/** A session of its own that stays open, for what holds something meanwhile. */
async function session(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** Waits until a session, the run's unless another is named, is held up by a lock. */
const untilBlocked = (url: string, name = 'slipway-migrate'): Promise<unknown> =>
  eventually(async () => {
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE application_name = '${name}'
                        AND datname = current_database() AND wait_event_type = 'Lock'`;
    expect(await postgres.query(waiting, url)).not.toEqual([]);
  }, 20_000);

describe('ten runners at once on an empty database', () => {
  const files = Object.fromEntries(
    Array.from({ length: 12 }, (_, i) => {
      const n = String(i + 1).padStart(4, '0');
      return [
        `${n}_t`,
        `CREATE TABLE t${n} (id int); INSERT INTO t${n} VALUES (1); SELECT pg_sleep(0.02);`,
      ];
    }),
  );
  const names = Object.keys(files);

  test.each([
    ['in public', {}],
    ['in a schema that nobody has made yet', { DATABASE_SCHEMA: 'chat' }],
  ])('apply each file exactly once, %s', async (_where, env: NodeJS.ProcessEnv) => {
    const url = await postgres.createDatabase();
    const folder = migrationFolder(files);
    const runs = await Promise.all(Array.from({ length: 10 }, () => up(url, folder, env)));
    expect(runs.map(({ code, output }) => (code === 0 ? 0 : output))).toEqual(Array(10).fill(0));
    // One did it all, and nine found nothing to do.
    expect(runs.filter(({ output }) => output.includes(`${names.length} applied`))).toHaveLength(1);
    expect(runs.filter(({ output }) => output.includes('nothing to migrate'))).toHaveLength(9);
    const schema = env['DATABASE_SCHEMA'] ?? 'public';
    const rows = await postgres.query(
      `SELECT name FROM ${schema}.slipway_migrations ORDER BY name`,
      url,
    );
    expect(rows.map(({ name }) => name)).toEqual(names);
    const steps = await postgres.query(
      `SELECT direction, name FROM ${schema}.slipway_migration_history ORDER BY id`,
      url,
    );
    expect(steps).toEqual(names.map((name) => ({ direction: 'up', name })));
    for (const name of names) {
      const table = `${schema}.t${name.slice(0, 4)}`;
      expect(await postgres.query(`SELECT * FROM ${table}`, url)).toEqual([{ id: 1 }]);
    }
  });

  test('that will not wait end with 0 or the code of the lock, one of them with 0', async () => {
    const url = await postgres.createDatabase();
    const folder = migrationFolder(files);
    const args = ['up', '--no-wait', '--folder', folder];
    const runs = await Promise.all(Array.from({ length: 10 }, () => migrate(url, args)));
    const codes = runs.map(({ code }) => code);
    expect(codes).toContain(0);
    expect(codes.filter((code) => code !== 0 && code !== exitCodes.lockNotObtained)).toEqual([]);
    const rows = await postgres.query(
      `SELECT name, count(*)::int AS n FROM slipway_migration_history GROUP BY 1 ORDER BY 1`,
      url,
    );
    expect(rows).toEqual(names.map((name) => ({ name, n: 1 })));
  });
});

describe('files that are not as they were', () => {
  const applied = { '0001_a': 'CREATE TABLE a (id int);', '0003_c': 'CREATE TABLE c (id int);' };
  const write = (
    folder: string,
    name: string,
    upSql: string | Buffer,
    downSql: string | null = 'SELECT 1;',
  ) => {
    writeFileSync(join(folder, `${name}.up.sql`), upSql);
    if (downSql !== null) writeFileSync(join(folder, `${name}.down.sql`), downSql);
  };
  const remove = (folder: string, prefix: string) => {
    for (const file of readdirSync(folder).filter((name) => name.startsWith(prefix)))
      rmSync(join(folder, file));
  };

  // Beside the fault there is always a good file that is pending: it must not run.
  test.each<[string, ExitReason, string, (folder: string) => void]>([
    [
      'edited',
      'checksum',
      '0003_c',
      (folder) => write(folder, '0003_c', 'CREATE TABLE c (id bigint);'),
    ],
    ['gone', 'missingFile', '0001_a', (folder) => remove(folder, '0001')],
    [
      'numbered twice',
      'duplicateNumber',
      '0004_e',
      (folder) => write(folder, '0004_e', 'CREATE TABLE e (id int);'),
    ],
    [
      'inserted before',
      'order',
      '0002_b',
      (folder) => write(folder, '0002_b', 'CREATE TABLE b (id int);'),
    ],
    [
      'without a down file',
      'missingDown',
      '0005_f',
      (folder) => write(folder, '0005_f', 'SELECT 1;', null),
    ],
    ['empty', 'badFile', '0005_f', (folder) => write(folder, '0005_f', '')],
    [
      'not UTF-8',
      'badFile',
      '0005_f',
      (folder) => write(folder, '0005_f', Buffer.from([0x2d, 0x2d, 0xe9, 0x0a])),
    ],
    [
      'with a space in its name',
      'badFile',
      '0005_a b',
      (folder) => write(folder, '0005_a b', 'SELECT 1;'),
    ],
    [
      'renumbered after it was applied',
      'missingFile',
      '0003_c',
      (folder) => {
        remove(folder, '0003');
        write(folder, '0006_c', applied['0003_c']);
      },
    ],
  ])('(%s) are refused as %s by name, and nothing runs', async (_what, reason, name, spoil) => {
    const url = await postgres.createDatabase();
    const folder = migrationFolder(applied);
    expect(await up(url, folder)).toMatchObject({ code: 0 });
    const before = await describeSchema(postgres, url);
    const history = await postgres.query(
      'SELECT * FROM slipway_migration_history ORDER BY id',
      url,
    );
    write(folder, '0004_d', 'CREATE TABLE d (id int);');
    spoil(folder);
    for (const verb of ['up', 'verify']) {
      expect(await migrate(url, [verb, '--folder', folder])).toMatchObject({
        code: exitCodes[reason],
        output: text(name),
      });
    }
    expect(await describeSchema(postgres, url)).toEqual(before);
    expect(
      await postgres.query('SELECT * FROM slipway_migration_history ORDER BY id', url),
    ).toEqual(history);
  });
});

describe('what a folder may hold', () => {
  test('nothing: there is nothing to migrate', async () => {
    const url = await postgres.createDatabase();
    expect(await up(url, migrationFolder({}))).toMatchObject({
      code: 0,
      output: 'nothing to migrate\n',
    });
  });

  test('a byte order mark and Windows line ends: run as they are meant, and count as unchanged without them', async () => {
    const url = await postgres.createDatabase();
    const sql = `CREATE TABLE a (t text);\nINSERT INTO a VALUES ('one\ntwo');\n`;
    expect(
      await up(url, migrationFolder({ '0001_a': `\ufeff${sql.replaceAll('\n', '\r\n')}` })),
    ).toMatchObject({
      code: 0,
    });
    expect(await postgres.query('SELECT t FROM a', url)).toEqual([{ t: 'one\ntwo' }]);
    expect(await up(url, migrationFolder({ '0001_a': sql }))).toMatchObject({
      code: 0,
      output: 'nothing to migrate\n',
    });
  });

  test('`;` inside dollar quotes, quotes and comments ends no statement', async () => {
    const url = await postgres.createDatabase();
    const body = `CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $body$
      BEGIN /* ; */ PERFORM 'a;b'; EXECUTE $in$SELECT 'c;'$in$; RETURN 'done; really'; END; -- ;
      $body$;\nSELECT ';' AS ";"; -- a comment without an end of line`;
    expect(await up(url, migrationFolder({ '0001_f': body }))).toMatchObject({ code: 0 });
    expect(await postgres.query('SELECT f()', url)).toEqual([{ f: 'done; really' }]);
  });

  test.each([
    ['a quote', `CREATE TABLE a (id int); SELECT 'never ends;`],
    ['a dollar quote', `CREATE TABLE a (id int); SELECT $x$ never ends;`],
    ['a comment', `CREATE TABLE a (id int); /* never ends;`],
  ])('%s without an end: nothing of the file runs, and it is not noted', async (_what, sql) => {
    const url = await postgres.createDatabase();
    const run = await up(url, migrationFolder({ '0001_a': sql }));
    expect(run).toMatchObject({ code: exitCodes.failedSql, output: text('unterminated') });
    expect(await postgres.query(`SELECT to_regclass('a') AS a`, url)).toEqual([{ a: null }]);
    expect(await postgres.query('SELECT * FROM slipway_migrations', url)).toEqual([]);
    expect(await postgres.query('SELECT * FROM slipway_migration_history', url)).toEqual([]);
  });
});

describe('blocked by a long reader', () => {
  const files = { '0001_a': 'CREATE TABLE a (id int); INSERT INTO a VALUES (1);' };
  const lockTimeoutMs = 1_000;
  const env = { MIGRATE_LOCK_TIMEOUT_MS: String(lockTimeoutMs) };

  test('it gives up and tries again, and 20 readers beside it never wait longer than its lock timeout', async () => {
    const url = await postgres.createDatabase();
    await up(url, migrationFolder(files));
    const folder = migrationFolder({ ...files, '0002_b': 'ALTER TABLE a ADD COLUMN b int;' });
    const holder = await session(url);
    await holder.query('BEGIN; SELECT * FROM a');

    let stop = false;
    let longestMs = 0;
    let queued = 0;
    // The server itself ends a reader that waits three times as long; none of them may meet that.
    const readers = Array.from({ length: 20 }, async () => {
      const client = await session(url);
      await client.query(`SET statement_timeout = ${3 * lockTimeoutMs}`);
      while (!stop) {
        const started = performance.now();
        await client.query('SELECT * FROM a');
        longestMs = Math.max(longestMs, performance.now() - started);
        await sleep(20);
      }
      await client.end();
    });
    // Within a transaction, as the holder is, the view stays as it was first read.
    const watcher = await session(url);
    const watch = (async () => {
      const waiting = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE query = 'SELECT * FROM a' AND wait_event_type = 'Lock'`;
      while (!stop) {
        queued = Math.max(queued, Number((await watcher.query<{ n: number }>(waiting)).rows[0]?.n));
        await sleep(50);
      }
    })();
    try {
      const { code, output } = await up(url, folder, { ...env, MIGRATE_ATTEMPTS: '3' });
      expect(code, output).toBe(exitCodes.failedSql);
      expect(output).toMatch(/lock timeout; rolled back, attempt 2 in \d+ ms/);
      expect(output).toMatch(/lock timeout; rolled back, attempt 3 in \d+ ms/);
      expect(output).toContain('SQLSTATE 55P03');
    } finally {
      stop = true;
      await Promise.all([...readers, watch]);
      await watcher.end();
      await holder.query('COMMIT');
      await holder.end();
    }
    console.log(
      `20 readers behind a blocked migration: ${queued} queued at once, the longest wait ${longestMs.toFixed(0)} ms of ${lockTimeoutMs} ms lock timeout`,
    );
    // Without readers in the queue behind the migration this would prove nothing.
    expect(queued).toBeGreaterThan(1);
    expect(await up(url, folder)).toMatchObject({ code: 0 });
  });

  test('it gets through in a later attempt, once the reader has gone', async () => {
    const url = await postgres.createDatabase();
    await up(url, migrationFolder(files));
    const holder = await session(url);
    await holder.query('BEGIN; SELECT * FROM a');
    const run = startMigrate(
      url,
      [
        'up',
        '--folder',
        migrationFolder({ ...files, '0002_b': 'ALTER TABLE a ADD COLUMN b int;' }),
      ],
      { MIGRATE_LOCK_TIMEOUT_MS: '200' },
    );
    let output = '';
    run.process.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await eventually(() => Promise.resolve(expect(output).toContain('attempt 2 in')), 20_000);
    await holder.query('COMMIT');
    await holder.end();
    expect(await run.finished).toMatchObject({ code: 0, output: text('applying 0002_b … done') });
  });
});

describe('a real conflict', () => {
  const files = {
    '0001_a':
      'CREATE TABLE a (n int); CREATE TABLE b (n int); INSERT INTO a VALUES (0); INSERT INTO b VALUES (0);',
  };
  const read = async (url: string) =>
    (await postgres.query('SELECT a.n AS a, b.n AS b FROM a, b', url))[0];

  test('a deadlock: the file is rolled back whole, tried again, and counts once', async () => {
    const url = await postgres.createDatabase();
    await up(url, migrationFolder(files));
    const sql = `UPDATE a SET n = n + 1; SELECT pg_advisory_xact_lock(1); UPDATE b SET n = n + 1;`;
    // The file waits at the gate between its two updates, until the other session waits for the
    // first one's row.
    const gate = await session(url);
    await gate.query('SELECT pg_advisory_lock(1)');
    const other = await session(url);
    // The session whose timer ends first looks for deadlocks, and loses: here the runner.
    await other.query(
      `SET application_name = 'other'; SET deadlock_timeout = '60s'; BEGIN; UPDATE b SET n = n + 10`,
    );
    const run = startMigrate(
      url,
      ['up', '--folder', migrationFolder({ ...files, '0002_b': sql })],
      {
        MIGRATE_LOCK_TIMEOUT_MS: '30000',
      },
    );
    await untilBlocked(url);
    const crossed = other.query('UPDATE a SET n = n + 10');
    await untilBlocked(url, 'other');
    await gate.end();
    await crossed;
    await other.query('COMMIT');
    await other.end();
    const { code, output } = await run.finished;
    expect(code, output).toBe(0);
    expect(output).toContain('deadlock detected; rolled back, attempt 2');
    expect(await read(url)).toEqual({ a: 11, b: 11 });
  });

  test('a serialization failure: the same', async () => {
    const url = await postgres.createDatabase();
    await up(url, migrationFolder(files));
    const sql = `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
      UPDATE b SET n = n + 1; SELECT pg_advisory_xact_lock(1); UPDATE a SET n = n + 1;`;
    const other = await session(url);
    await other.query(`SELECT pg_advisory_lock(1)`);
    const run = startMigrate(
      url,
      ['up', '--folder', migrationFolder({ ...files, '0002_b': sql })],
      {
        MIGRATE_LOCK_TIMEOUT_MS: '30000',
      },
    );
    await untilBlocked(url);
    await other.query('UPDATE a SET n = n + 10');
    await other.query('SELECT pg_advisory_unlock(1)');
    const { code, output } = await run.finished;
    await other.end();
    expect(code, output).toBe(0);
    expect(output).toContain(
      'could not serialize access due to concurrent update; rolled back, attempt 2',
    );
    expect(await read(url)).toEqual({ a: 11, b: 1 });
  });

  test('one that never ends is given up, and nothing of the file stays', async () => {
    const url = await postgres.createDatabase();
    const folder = migrationFolder({
      '0001_a': `CREATE TABLE a (id int); DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END $$;`,
    });
    const run = await up(url, folder, { MIGRATE_ATTEMPTS: '2' });
    expect(run).toMatchObject({
      code: exitCodes.failedSql,
      output: text('SQLSTATE 40001, statement 2 of 2, attempt 2'),
    });
    expect(await postgres.query(`SELECT to_regclass('a') AS a`, url)).toEqual([{ a: null }]);
  });
});

describe('a database that is not there', () => {
  test('yet: the run waits for it and goes on when it comes up', async ({ skip }) => {
    skip(!postgres.container, 'the server is not ours to stop');
    const url = await postgres.createDatabase();
    const { container } = postgres.container!;
    await container.stop();
    const run = startMigrate(
      url,
      ['up', '--folder', migrationFolder({ '0001_a': 'CREATE TABLE a (id int);' })],
      {
        MIGRATE_CONNECT_WAIT_MS: '60000',
      },
    );
    let output = '';
    run.process.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await eventually(
      () => Promise.resolve(expect(output).toContain('waiting for the database at')),
      20_000,
    );
    await container.start();
    expect(await run.finished).toMatchObject({ code: 0, output: text('applying 0001_a … done') });
  });

  test('but something else that takes connections and says nothing: a bounded wait', async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `postgres://u:p@127.0.0.1:${(server.address() as AddressInfo).port}/d`;
    const run = await migrate(url, ['up'], { MIGRATE_CONNECT_WAIT_MS: '1500' });
    server.close();
    expect(run).toMatchObject({
      code: exitCodes.unreachable,
      output: text('did not answer within 2 s'),
    });
  });

  test.for<[string, ExitReason, (url: URL) => void]>([
    ['the password is wrong', 'authentication', (url) => (url.password = 'not-the-password')],
    ['there is no such user', 'authentication', (url) => (url.username = 'nobody-at-all')],
    ['TLS is asked for and refused', 'tls', (url) => url.searchParams.set('sslmode', 'require')],
    ['there is no such database', 'usage', (url) => (url.pathname = '/nosuch')],
  ])(
    'when %s it ends as %s at once, without the wait for a server that starts',
    async ([, reason, spoil], { skip }) => {
      skip(!postgres.container, 'a server that is not ours may let anybody in, or want TLS');
      const url = new URL(postgres.adminUrl);
      const { password } = url;
      spoil(url);
      // Were it taken for a server that is starting, the run would say that it waits, and outlast
      // this test.
      const run = await migrate(url.href, ['up'], { MIGRATE_CONNECT_WAIT_MS: '3600000' });
      expect(run.code, run.output).toBe(exitCodes[reason]);
      expect(run.output).not.toContain('waiting for the database');
      expect(run.output).not.toContain(password);
      expect(run.output).not.toContain('not-the-password');
    },
  );
});

test('a run that is killed in a long statement does not keep the next one waiting for the lock', async () => {
  const url = await postgres.createDatabase();
  const run = startMigrate(url, [
    'up',
    '--folder',
    migrationFolder({ '0001_a': 'SELECT pg_sleep(600);' }),
  ]);
  const sleeping = `SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600)%'`;
  await eventually(async () => expect(await postgres.query(sleeping)).not.toEqual([]), 20_000);
  run.process.kill('SIGKILL');
  await run.finished;
  expect(await up(url, migrationFolder({ '0001_a': 'CREATE TABLE a (id int);' }))).toMatchObject({
    code: 0,
  });
});

describe('a statement that would break the transaction open', () => {
  test.each([
    ['COMMIT with a comment at its heels', 'CREATE TABLE a (id int); COMMIT/**/; SELECT 1 / 0;'],
    ['COPY from data that is not there', 'CREATE TABLE a (id int); COPY public.a (id) FROM STDIN;'],
  ])('%s is refused, and nothing runs', async (_what, sql) => {
    const url = await postgres.createDatabase();
    expect(await up(url, migrationFolder({ '0001_a': sql }))).toMatchObject({
      code: exitCodes.badFile,
    });
    expect(
      await postgres.query(
        `SELECT to_regclass('a') AS a, to_regclass('slipway_migrations') AS b`,
        url,
      ),
    ).toEqual([{ a: null, b: null }]);
  });

  test('an error that only the commit finds leaves nothing, and the row neither', async () => {
    const url = await postgres.createDatabase();
    const sql = `CREATE TABLE a (id int PRIMARY KEY);
      CREATE TABLE b (a int REFERENCES a DEFERRABLE INITIALLY DEFERRED); INSERT INTO b VALUES (7);`;
    const run = await up(
      url,
      migrationFolder({ '0001_a': sql, '0002_c': 'CREATE TABLE c (id int);' }),
    );
    expect(run).toMatchObject({
      code: exitCodes.failedSql,
      output: text('SQLSTATE 23503, at its commit'),
    });
    expect(await postgres.query('SELECT * FROM slipway_migrations', url)).toEqual([]);
    expect(
      await postgres.query(`SELECT to_regclass('a') AS a, to_regclass('c') AS c`, url),
    ).toEqual([{ a: null, c: null }]);
  });
});
