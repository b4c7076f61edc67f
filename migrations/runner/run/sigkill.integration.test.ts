import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../../tests/support/containers.ts';
import { migrate, migrationFolder, startMigrate } from '../../../tests/support/migrate.ts';
import { TestPostgres } from '../../../tests/support/postgres.ts';
import { describeSchema } from '../../../tests/support/schema.ts';

/**
 * How often a run is killed: `SLIPWAY_SIGKILL_ROUNDS`, 5 unless set. Each round takes some seconds.
 */
const rounds = Number(process.env['SLIPWAY_SIGKILL_ROUNDS'] ?? 5);
const fileCount = 100;

let postgres: TestPostgres;
beforeAll(async () => void (postgres = await TestPostgres.start()));
afterAll(() => postgres?.stop());

/**
 * A hundred files of four statements each, two of them an index that is built outside a
 * transaction.
 */
function files(): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: fileCount }, (_, i) => {
      const n = String(i + 1).padStart(4, '0');
      if (n === '0034' || n === '0067') {
        const index = `CREATE INDEX CONCURRENTLY t${n}_idx ON t0033 (b);`;
        return [`${n}_t`, `-- slipway: phase=expand reversible=yes no-transaction\n${index}`];
      }
      const sql =
        `CREATE TABLE t${n} (a int PRIMARY KEY, b text NOT NULL);\n` +
        `INSERT INTO t${n} SELECT g, 'x' || g FROM generate_series(1, 5) AS g;\n` +
        `ALTER TABLE t${n} ADD CONSTRAINT t${n}_b CHECK (b <> '');\nCREATE INDEX t${n}_idx ON t${n} (b);`;
      return [`${n}_t`, sql];
    }),
  );
}

/**
 * Resolves when a run has said of so many files that they are done, or has ended; at once for none.
 */
function seesFiles(child: ChildProcess, count: number): Promise<void> {
  let seen = 0;
  return new Promise((resolve) => {
    if (count === 0) resolve();
    child.once('exit', () => resolve());
    child.stdout?.on('data', (chunk: Buffer) => {
      seen += chunk.toString().split('\n').length - 1;
      if (seen >= count) resolve();
    });
  });
}

const column = async (sql: string, url: string): Promise<string[]> =>
  (await postgres.query(sql, url)).map((row) => String(Object.values(row)[0]));

/**
 * Expects the tables and indexes of the files that are noted as applied, and no others: all
 * statements of a file, or none.
 */
async function expectWholeFiles(url: string): Promise<number> {
  const noted = await column(
    `SELECT substr(name, 1, 4) FROM slipway_migrations ORDER BY name`,
    url,
  );
  const bare = ['0034', '0067'];
  const tables = await column(
    `SELECT substr(relname, 2) FROM pg_class WHERE relname ~ '^t\\d{4}$' ORDER BY 1`,
    url,
  );
  const indexes = await column(
    `SELECT substr(relname, 2, 4) FROM pg_class WHERE relname ~ '^t\\d{4}_idx$' ORDER BY 1`,
    url,
  );
  const checks = await column(
    `SELECT substr(conname, 2, 4) FROM pg_constraint WHERE conname ~ '^t\\d{4}_b$' ORDER BY 1`,
    url,
  );
  const whole = noted.filter((n) => !bare.includes(n));
  expect(tables).toEqual(whole);
  expect(checks).toEqual(whole);
  // Outside a transaction the index may be there before its row.
  expect(indexes.filter((n) => !bare.includes(n))).toEqual(whole);
  expect(noted).toEqual(Array.from(noted, (_, i) => String(i + 1).padStart(4, '0')));
  return noted.length;
}

test(
  `a run that is killed at any moment leaves whole files, and the next one ends where a clean one does (${rounds} times)`,
  { timeout: 60_000 + rounds * 30_000 },
  async () => {
    const folder = migrationFolder(files());
    const args = ['up', '--folder', folder];
    const clean = await postgres.createDatabase();
    expect(await migrate(clean, args)).toMatchObject({ code: 0 });
    const wanted = await describeSchema(postgres, clean);
    expect(wanted.filter((line) => line.startsWith('index')).length).toBeGreaterThan(
      2 * fileCount - 10,
    );
    const noted = 'SELECT name, checksum FROM slipway_migrations ORDER BY name';
    const wantedRows = await postgres.query(noted, clean);

    const stoodAt: number[] = [];
    let killed = 0;
    for (let round = 0; round < rounds; round++) {
      const url = await postgres.createDatabase();
      const run = startMigrate(url, args);
      await seesFiles(run.process, Math.floor(Math.random() * fileCount));
      await sleep(Math.random() * 15);
      run.process.kill('SIGKILL');
      if ((await run.finished).signal === 'SIGKILL') killed++;
      // The server ends the statement in hand before it sees that nobody is there.
      const sessions = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'slipway-migrate'`;
      await eventually(async () => expect(await postgres.query(sessions, url)).toEqual([]), 20_000);
      const [ledger] = await column(`SELECT to_regclass('slipway_migrations')`, url);
      stoodAt.push(ledger === 'null' ? 0 : await expectWholeFiles(url));

      const again = await migrate(url, args);
      expect(again.code, again.output).toBe(0);
      expect(await describeSchema(postgres, url)).toEqual(wanted);
      expect(await postgres.query(noted, url)).toEqual(wantedRows);
      const twice = `SELECT name FROM slipway_migration_history WHERE direction = 'up' GROUP BY name HAVING count(*) <> 1`;
      expect(await postgres.query(twice, url)).toEqual([]);
      expect(await migrate(url, args)).toMatchObject({ code: 0, output: 'nothing to migrate\n' });
      await postgres.query(`DROP DATABASE ${new URL(url).pathname.slice(1)} WITH (FORCE)`);
    }
    console.log(
      `${rounds} rounds, ${killed} of them killed before the end; files applied at the kill: ${stoodAt.join(' ')}`,
    );
    // A kill that comes after the end proves nothing.
    expect(killed).toBeGreaterThan(0);
  },
);
