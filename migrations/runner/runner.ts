import type pg from 'pg';
import { Umzug } from 'umzug';
import { connect, type Target } from './connect.ts';
import { MigrationError } from './exit.ts';
import { readMigrations, type Migration } from './files.ts';
import { Ledger, type AppliedMigration } from './ledger.ts';
import { takeLock } from './lock.ts';
import { runStep, type StepSettings } from './step.ts';
import { pendingMigrations } from './verify.ts';

export interface RunnerOptions extends Target, StepSettings {
  /** The folder with the SQL files. */
  folder: string;
  /** How long to wait for another run, in milliseconds. */
  lockWaitMs: number;
  /** Where the human-readable lines go. */
  say: (line: string) => void;
  /** Stops the run: the file in hand is rolled back. Its reason is a MigrationError. */
  signal: AbortSignal;
}

export interface MigrationState {
  name: string;
  state: 'applied' | 'pending' | 'edited' | 'missing';
  applied?: AppliedMigration;
}

/** How far to go: up to (down to: and including) a name, a number of files, or everything there is. */
export type Extent = { to: string } | { step: number } | undefined;

/** Applies the pending migrations. Returns how many it applied. */
export async function migrateUp(options: RunnerOptions, extent?: Extent): Promise<number> {
  return withDatabase(options, async (umzug, files, ledger) => {
    const pending = pendingMigrations(files, await ledger.applied());
    if (extent && 'to' in extent) requireKnown(extent.to, pending);
    if (pending.length === 0) options.say('nothing to migrate');
    const done = pending.length === 0 ? [] : await umzug.up(extent);
    return done.length;
  });
}

/** Reverts the newest migration, or as many as `extent` says. Returns how many it reverted. */
export async function migrateDown(options: RunnerOptions, extent: Extent = { step: 1 }): Promise<number> {
  return withDatabase(options, async (umzug, files, ledger) => {
    const applied = await ledger.applied();
    pendingMigrations(files, applied);
    if ('to' in extent) requireKnown(extent.to, applied);
    if (applied.length === 0) options.say('nothing to revert');
    const done = applied.length === 0 ? [] : await umzug.down(extent);
    return done.length;
  });
}

/** Says of every file, and of every row without a file, how it stands. Takes no lock and changes nothing. */
export async function migrationStatus(options: RunnerOptions): Promise<MigrationState[]> {
  const files = readMigrations(options.folder);
  const client = await connect(options, options.say, options.signal);
  try {
    const applied = new Map((await new Ledger(client).applied()).map((row) => [row.name, row]));
    const states = files.map(({ name, checksum }): MigrationState => {
      const row = applied.get(name);
      applied.delete(name);
      if (!row) return { name, state: 'pending' };
      return { name, state: row.checksum === checksum ? 'applied' : 'edited', applied: row };
    });
    return [
      ...states,
      ...[...applied.values()].map((row) => ({ name: row.name, state: 'missing' as const, applied: row })),
    ];
  } finally {
    await client.end().catch(() => {});
  }
}

type Work = (umzug: Umzug<pg.Client>, files: Migration[], ledger: Ledger) => Promise<number>;

async function withDatabase(options: RunnerOptions, work: Work): Promise<number> {
  const { say, signal, schema } = options;
  const files = readMigrations(options.folder);
  const client = await connect(options, say, signal);
  const stopCancelling = cancelOnAbort(client, options);
  try {
    await takeLock(client, schema, options.lockWaitMs, say, signal);
    const ledger = new Ledger(client);
    await ledger.create(schema);
    const umzug = new Umzug<pg.Client>({
      context: client,
      logger: undefined,
      migrations: files.map((migration) => runnable(migration, client, ledger, options)),
      // The row is written by the step itself, in the transaction of the file; there is nothing left to log here.
      storage: {
        executed: async () => (await ledger.applied()).map(({ name }) => name),
        logMigration: async () => {},
        unlogMigration: async () => {},
      },
    });
    return await work(umzug, files, ledger);
  } catch (error) {
    throw faultOf(error, signal);
  } finally {
    stopCancelling();
    await client.end().catch(() => {});
  }
}

function runnable(migration: Migration, client: pg.Client, ledger: Ledger, options: RunnerOptions) {
  const run = (direction: 'up' | 'down', verb: string) => async (): Promise<void> => {
    // A quick file is one line in the log; a slow one says at once what is being waited for.
    const slow = setTimeout(() => options.say(`${verb} ${migration.name} …`), 1000);
    try {
      const ms = await runStep(client, ledger, migration, direction, options, options.say, options.signal);
      options.say(`${verb} ${migration.name} … done in ${ms} ms`);
    } finally {
      clearTimeout(slow);
    }
  };
  return { name: migration.name, up: run('up', 'applying'), down: run('down', 'reverting') };
}

/** On abort, asks the server from a second connection to stop the running statement, so that the file rolls back at once. */
function cancelOnAbort(client: pg.Client, options: RunnerOptions): () => void {
  const { processID } = client as unknown as { processID: number };
  const cancel = async (): Promise<void> => {
    const second = await connect({ ...options, connectWaitMs: 0 }, () => {});
    await second.query('SELECT pg_cancel_backend($1)', [processID]);
    await second.end();
  };
  const listener = (): void => {
    // Without a second connection, closing ours makes the server roll back as well; it only takes longer to notice.
    cancel().catch(() => void client.end().catch(() => {}));
  };
  options.signal.addEventListener('abort', listener, { once: true });
  return () => options.signal.removeEventListener('abort', listener);
}

function requireKnown(name: string, among: { name: string }[]): void {
  if (among.some((migration) => migration.name === name)) return;
  const names = among.map((migration) => migration.name).join(', ') || 'none';
  throw new MigrationError('usage', `--to ${name}: no such migration to go to. There are: ${names}.`);
}

/** Umzug wraps what a migration throws; the fault itself is what a person needs. */
function faultOf(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  for (let inner: unknown = error; inner instanceof Error; inner = inner.cause) {
    if (inner instanceof MigrationError) return inner;
  }
  return error;
}
