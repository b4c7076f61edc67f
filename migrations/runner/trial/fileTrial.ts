import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { connect } from '../database/connect.ts';
import type { Migration } from '../files/files.ts';
import type { RunnerOptions } from '../run/run.ts';
import { migrateDown, migrateUp } from '../run/runner.ts';
import { scriptsOf } from '../sql/checkScript.ts';
import { locksOf } from '../sql/locksOf.ts';
import { parseForRun } from '../sql/parse.ts';
import { readTables, type Table } from './rows/catalog.ts';
import { LockWatch } from './lockWatch.ts';
import { Probes } from './probes.ts';
import type { Budget, FileReport, Measured } from './report.ts';
import { diffLines, dumpSchema, localPgDump, type PgDump } from './schemaDump.ts';

export interface TrialOptions extends RunnerOptions {
  /** How the schema is dumped; the pg_dump on the PATH unless told. */
  pgDump?: PgDump | undefined;
}

/**
 * With more tables than this, those get a reader and a writer that the files name; each is a
 * connection.
 */
const mostProbed = 20;
/** How often is looked which locks are held, in milliseconds. */
const lookEveryMs = 20;

/** Tries one file after the other, and measures what each does to others. */
export class FileTrial {
  readonly #options: TrialOptions;
  readonly #client: Client;
  readonly #pgDump: PgDump;
  readonly #pending: Migration[];
  #schema: string | undefined;

  constructor(options: TrialOptions, client: Client, pending: Migration[]) {
    this.#options = options;
    this.#client = client;
    this.#pgDump = options.pgDump ?? localPgDump(options.databaseUrl);
    this.#pending = pending;
  }

  /** One file: up, and where it can be reverted, down and up again. */
  async file(migration: Migration, budget: Budget): Promise<FileReport> {
    const { name, phase = null, reversible, down: script } = migration;
    const leftOut = !script
      ? 'it has no down file'
      : reversible
        ? null
        : 'its header says reversible=no';
    const before = leftOut ? '' : await this.#schemaNow();
    const up = await this.#measure(migration, 'up');
    this.#schema = undefined;
    const report: FileReport = {
      name,
      phase,
      budget,
      up,
      down: null,
      leftOut,
      differsAfterDown: [],
      differsAfterUp: [],
    };
    if (leftOut) return report;
    const after = await this.#schemaNow();
    report.down = await this.#measure(migration, 'down');
    this.#schema = undefined;
    report.differsAfterDown = diffLines(before, await this.#schemaNow());
    await this.#run(migration, 'up');
    this.#schema = undefined;
    report.differsAfterUp = diffLines(after, await this.#schemaNow());
    return report;
  }

  /** The schema, dumped where a file has run since the last time: rows do not change it. */
  async #schemaNow(): Promise<string> {
    return (this.#schema ??= await dumpSchema(this.#pgDump));
  }

  async #run(
    { name }: Migration,
    direction: 'up' | 'down',
    inspect?: (client: Client) => Promise<void>,
  ): Promise<void> {
    const options = { ...this.#options, ...(inspect && { inspect }) };
    if (direction === 'up') await migrateUp(options, { to: name });
    else await migrateDown(options, { step: 1 });
  }

  async #measure(migration: Migration, direction: 'up' | 'down'): Promise<Measured> {
    const { schema, signal } = this.#options;
    const watch = await LockWatch.start(this.#client, schema);
    const probes = await Probes.start(await this.#probed(), () => openSession(this.#options));
    const abandon = (): void => probes.abandon();
    signal.addEventListener('abort', abandon, { once: true });
    const outside = this.#lookOn(watch);
    let failed = true;
    try {
      await this.#run(migration, direction, (client) =>
        watch.look(client, 'pid = pg_backend_pid()'),
      );
      failed = false;
    } finally {
      await outside.stop();
      if (failed) await probes.stop().catch(() => {});
      signal.removeEventListener('abort', abandon);
    }
    const waits = await probes.stop();
    const { rows } = await this.#client.query<{ ms: number }>(
      'SELECT duration_ms AS ms FROM slipway_migration_history WHERE name = $1 AND direction = $2 ORDER BY id DESC LIMIT 1',
      [migration.name, direction],
    );
    return {
      durationMs: rows[0]?.ms ?? 0,
      locks: watch.held,
      allLocks: !migration[direction]?.header.noTransaction,
      ...waits,
    };
  }

  /**
   * Looks again and again at the locks of the runner's session: those of a file outside a
   * transaction end with its statement.
   */
  #lookOn(watch: LockWatch): { stop(): Promise<void> } {
    let stopped = false;
    const loop = async (): Promise<void> => {
      while (!stopped) {
        await watch
          .look(
            this.#client,
            `pid IN (SELECT pid FROM pg_stat_activity WHERE application_name = 'slipway-migrate' AND datname = current_database())`,
          )
          .catch(() => {});
        await sleep(lookEveryMs);
      }
    };
    const running = loop();
    return { stop: () => ((stopped = true), running) };
  }

  async #probed(): Promise<Table[]> {
    const tables = await readTables(this.#client, this.#options.schema);
    if (tables.length <= mostProbed) return tables;
    const names = await namesIn(this.#pending);
    const named = tables.filter(({ name }) => names.has(name));
    const chosen = [...named, ...tables.filter((table) => !named.includes(table))].slice(
      0,
      mostProbed,
    );
    this.#options.say(
      `readers and writers on ${mostProbed} of ${tables.length} tables: those that the files name, and others`,
    );
    return chosen;
  }
}

/** The tables that the files name, as far as their text tells. */
async function namesIn(migrations: Migration[]): Promise<Set<string>> {
  const names = new Set<string>();
  for (const { file, sql } of migrations.flatMap(scriptsOf)) {
    for (const { tree } of (await parseForRun(file, sql)) ?? [])
      for (const { on } of locksOf(tree) ?? []) names.add(on.replace(/^.*\./, ''));
  }
  return names;
}

export async function openSession(options: RunnerOptions): Promise<Client> {
  const client = await connect(options, options.say, options.signal);
  // By its name the runner's own session is told from these.
  await client.query(`SET application_name = 'slipway-trial'`);
  return client;
}
