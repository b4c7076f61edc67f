import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type pg from 'pg';
import type { Bench } from './support/bench.ts';
import { stopIfInterrupted } from './support/commands.ts';
import { MigrateHosts } from './support/migrateHosts.ts';
import { interleave, sample, type Row } from './support/results.ts';

const rounds = 9;
const fileCount = 100;
const lockTimeoutMs = 3_000;
const readerCount = 20;

const file = (n: number): string => `${String(n).padStart(4, '0')}_t`;
const table = (n: number): string =>
  `CREATE TABLE t${n} (\n  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n  name text NOT NULL\n);\n` +
  `CREATE INDEX t${n}_name_idx ON t${n} (name);\n`;

/**
 * The image's runner beside psql of the Postgres image. Each runs in its own container. Both reach
 * a third one, the server, over TCP with a password. A shell inside the container measures from the
 * start of the process to its end, so Docker's own time is on neither side.
 */
export async function benchMigrate(bench: Bench): Promise<Row[]> {
  const hosts = await MigrateHosts.start(bench);
  try {
    return [
      ...(await manyFiles(bench, hosts)),
      await nothingToDo(hosts),
      await longHistory(bench, hosts),
      await blocked(bench, hosts),
    ];
  } finally {
    await hosts.stop();
  }
}

/**
 * A hundred small files on an empty database. psql and Umzug run the same files, each in a
 * transaction.
 */
async function manyFiles(bench: Bench, hosts: MigrateHosts): Promise<Row[]> {
  const folder = await writeFiles(bench, hosts, 'hundred', fileCount);
  const script = Array.from(
    { length: fileCount },
    (_, i) => `BEGIN;\n\\i ${folder}/${file(i + 1)}.up.sql\nCOMMIT;\n`,
  );
  writeFileSync(join(bench.folder, 'all.sql'), script.join(''));
  await hosts.copy('psql', join(bench.folder, 'all.sql'), '/tmp/all.sql');
  const umzug = join(bench.folder, 'umzug.js');
  await build({
    entryPoints: [fileURLToPath(import.meta.resolve('./migrate.umzug.ts'))],
    outfile: umzug,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['pg-native'],
    logLevel: 'error',
  });
  await hosts.copy('app', umzug, '/tmp/umzug.js');

  const [ours, theirs, naive]: [number[], number[], number[]] = [[], [], []];
  const onEmpty = async (times: number[], measure: () => Promise<number>): Promise<void> => {
    await hosts.emptyDatabase();
    times.push(await measure());
    const made = await hosts.value(
      `SELECT count(*) FROM pg_class WHERE relname ~ '^t[0-9]+_name_idx$'`,
    );
    if (made !== String(fileCount)) throw new Error(`${made} of ${fileCount} files were applied`);
  };
  await interleave(
    rounds,
    () => onEmpty(ours, () => hosts.migrate(`up --folder ${folder}`)),
    async () => {
      await onEmpty(theirs, () => hosts.psql('-f /tmp/all.sql'));
      await onEmpty(naive, () => hosts.time('app', `node /tmp/umzug.js ${folder}`));
    },
  );
  const row = { theirs, unit: 'ms' as const, against: 'psql, the same files' };
  return [
    { ...row, ours, key: 'migrateFiles', what: `migrate up, ${fileCount} small files`, aim: 1.3 },
    { ...row, ours: naive, key: 'migrateFilesUmzug', what: '  the same by bare Umzug' },
  ];
}

async function nothingToDo(hosts: MigrateHosts): Promise<Row> {
  await hosts.emptyDatabase();
  await hosts.migrate('up');
  const samples = await sample(
    2 * rounds,
    () => hosts.migrate('up'),
    () => hosts.psql(`-c 'select 1'`),
  );
  return {
    key: 'migrateNothing',
    what: 'migrate up, nothing to do',
    ...samples,
    unit: 'ms',
    against: `psql -c 'select 1'`,
    aim: 6,
  };
}

/** `status` of a database with a thousand applied files, beside one with ten. */
async function longHistory(bench: Bench, hosts: MigrateHosts): Promise<Row> {
  const prepare = async (name: string, count: number) => {
    const folder = await writeFiles(bench, hosts, name, count, 'SELECT 1;\n');
    await hosts.emptyDatabase(name);
    await hosts.migrate(`up --folder ${folder}`, { database: name });
    return () => hosts.migrate(`status --folder ${folder}`, { database: name });
  };
  const thousand = await prepare('thousand', 1000);
  const ten = await prepare('ten', 10);
  return {
    key: 'migrateStatus',
    what: 'migrate status, 1000 applied',
    ...(await sample(rounds, thousand, ten)),
    unit: 'ms',
    against: 'the same, 10 applied',
    aim: 2,
  };
}

/** The longest wait of 20 readers behind a migration that waits for an open transaction. */
async function blocked(bench: Bench, hosts: MigrateHosts): Promise<Row> {
  await hosts.emptyDatabase();
  const folder = await writeFiles(
    bench,
    hosts,
    'blocked',
    1,
    'ALTER TABLE busy ADD COLUMN more int;\n',
  );
  await hosts.query('CREATE TABLE busy (id int)');
  const ours: number[] = [];
  for (let round = 0; round < 5; round++) {
    stopIfInterrupted();
    const holder = await hosts.connect();
    await holder.query('BEGIN; SELECT * FROM busy');
    const stop = new AbortController();
    const readers = Array.from({ length: readerCount }, () => longestWait(hosts, stop.signal));
    const settings = { MIGRATE_LOCK_TIMEOUT_MS: String(lockTimeoutMs), MIGRATE_ATTEMPTS: '1' };
    await hosts.migrate(`up --folder ${folder}`, { settings, exitCode: 1 });
    stop.abort();
    ours.push(Math.max(...(await Promise.all(readers))));
    await holder.end();
  }
  return {
    key: 'migrateBlocked',
    what: `longest SELECT behind a blocked migration`,
    ours,
    theirs: [lockTimeoutMs],
    unit: 'ms',
    against: 'its lock timeout',
    aim: 1.2,
  };
}

async function longestWait(hosts: MigrateHosts, signal: AbortSignal): Promise<number> {
  const client: pg.Client = await hosts.connect();
  let longest = 0;
  while (!signal.aborted) {
    const started = performance.now();
    await client.query('SELECT * FROM busy');
    longest = Math.max(longest, performance.now() - started);
    await sleep(10);
  }
  await client.end();
  return longest;
}

/** Writes so many migrations and copies them to both containers. @returns the folder there */
async function writeFiles(
  bench: Bench,
  hosts: MigrateHosts,
  name: string,
  count: number,
  sql?: string,
): Promise<string> {
  const folder = join(bench.folder, name);
  mkdirSync(folder);
  for (let n = 1; n <= count; n++) {
    writeFileSync(
      join(folder, `${file(n)}.up.sql`),
      `-- slipway: phase=expand reversible=yes\n${sql ?? table(n)}`,
    );
    writeFileSync(join(folder, `${file(n)}.down.sql`), sql ? 'SELECT 1;\n' : `DROP TABLE t${n};\n`);
  }
  for (const host of ['app', 'psql'] as const) await hosts.copy(host, folder, `/tmp/${name}`);
  return `/tmp/${name}`;
}
