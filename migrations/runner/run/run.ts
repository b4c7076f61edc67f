import type pg from 'pg';
import { Umzug } from 'umzug';
import { AppRole } from '../database/appRole.ts';
import { clearSession } from '../database/clearSession.ts';
import { connect, type Target } from '../database/connect.ts';
import { cut, disconnect } from '../database/disconnect.ts';
import { MigrationError } from '../exit.ts';
import { readMigrations, type Migration, type Script } from '../files/files.ts';
import { Ledger, type AppliedMigration } from '../database/ledger.ts';
import { takeLock, type Lock } from '../database/lock.ts';
import { requireSession } from '../database/session.ts';
import { checkBeforeRun, scriptsOf } from '../sql/checkScript.ts';
import { runStep } from './step.ts';
import type { StepContext, StepSettings } from './stepContext.ts';

export interface RunnerOptions extends Target, StepSettings {
  /** The folder with the SQL files. */
  folder: string;
  /**
   * Where the app signs in, with a role of its own that may not change tables: it is made, and given
   * its rights. Left out, the app shares the role that migrates.
   */
  appDatabaseUrl?: string | undefined;
  /** How long to wait for another run, in milliseconds. */
  lockWaitMs: number;
  /**
   * The names of things that a person allows: a contract step, an irreversible migration, a whole
   * database.
   */
  forced: string[];
  /** Whether this is a production system: there, a verb that destroys data asks for a name. */
  production: boolean;
  /** Where the human-readable lines go. */
  say: (line: string) => void;
  /** Stops the run: the file in hand is rolled back. Its reason is a MigrationError. */
  signal: AbortSignal;
}

/** A run that holds the lock. */
export interface Run {
  files: Migration[];
  /** The migrations that were applied when the run began. */
  applied: AppliedMigration[];
  ledger: Ledger;
  lock: Lock;
  client: pg.Client;
  umzug: Umzug<StepContext>;
}

interface Done {
  name: string;
  durationMs: number;
}

/**
 * Connects, takes the lock, reads the SQL that is new to the database, makes the bookkeeping
 * tables, and does `work`. The lock goes with the connection.
 */
export async function withLock<T>(
  options: RunnerOptions,
  work: (run: Run) => Promise<T>,
): Promise<T> {
  const { say, signal, schema } = options;
  const files = readMigrations(options.folder);
  const client = await connect(options, say, signal);
  let stopCancelling: (() => void) | undefined;
  try {
    const pid = await requireSession(client, schema, () =>
      connect({ ...options, connectWaitMs: 0 }, () => {}),
    );
    stopCancelling = cancelOnAbort(client, pid, options);
    const lock = await takeLock(client, schema, options.lockWaitMs, say, signal);
    const ledger = new Ledger(client, options.release);
    const applied = await ledger.applied();
    await checkBeforeRun(newScripts(files, applied));
    await ledger.create(schema);
    const { appDatabaseUrl } = options;
    const appRole = appDatabaseUrl ? new AppRole(client, options, appDatabaseUrl, say) : undefined;
    await appRole?.admit();
    const context: StepContext = { client, lock, ledger, settings: options, say, signal };
    const umzug = new Umzug<StepContext>({
      context,
      logger: undefined,
      migrations: files.map((migration) => runnable(migration, context)),
      // The step itself writes the row, in the transaction of the file. Nothing is left to log.
      storage: {
        executed: async () => (await ledger.applied()).map(({ name }) => name),
        logMigration: async () => {},
        unlogMigration: async () => {},
      },
    });
    const done = await work({ files, applied, ledger, lock, client, umzug });
    if (appRole) {
      await clearSession(client, lock);
      await appRole.grant();
    }
    return done;
  } catch (error) {
    throw faultOf(error, signal);
  } finally {
    stopCancelling?.();
    await disconnect(client);
  }
}

/** Both directions of the files that the database does not know. */
function newScripts(files: Migration[], applied: AppliedMigration[]): Script[] {
  const known = new Set(applied.map(({ name }) => name));
  return files.filter(({ name }) => !known.has(name)).flatMap(scriptsOf);
}

/** Connects to read only: takes no lock and changes nothing. */
export async function withReader<T>(
  options: RunnerOptions,
  work: (read: { files: Migration[]; ledger: Ledger }) => Promise<T>,
): Promise<T> {
  const files = readMigrations(options.folder);
  const client = await connect(options, options.say, options.signal);
  try {
    return await work({ files, ledger: new Ledger(client, options.release) });
  } finally {
    await disconnect(client);
  }
}

function runnable(migration: Migration, context: StepContext) {
  const run = (direction: 'up' | 'down', verb: string) => async (): Promise<Done> => {
    // A quick file is one line in the log; a slow one says at once what is being waited for.
    const slow = setTimeout(() => context.say(`${verb} ${migration.name} …`), 1000);
    try {
      const durationMs = await runStep(context, migration, direction);
      context.say(`${verb} ${migration.name} … done in ${durationMs} ms`);
      return { name: migration.name, durationMs };
    } finally {
      clearTimeout(slow);
    }
  };
  return { name: migration.name, up: run('up', 'applying'), down: run('down', 'reverting') };
}

/**
 * On abort, asks the server from a second connection to stop the running statement, so that the
 * file rolls back at once.
 */
function cancelOnAbort(client: pg.Client, pid: number, options: RunnerOptions): () => void {
  const cancel = async (): Promise<void> => {
    const second = await connect({ ...options, connectWaitMs: 0 }, () => {});
    await second.query('SELECT pg_cancel_backend($1)', [pid]);
    await second.end();
  };
  const listener = (): void => {
    // Without a second connection, closing ours makes the server roll back as well; it only takes
    // longer to notice.
    cancel().catch(() => cut(client));
  };
  options.signal.addEventListener('abort', listener, { once: true });
  return () => options.signal.removeEventListener('abort', listener);
}

/** Umzug wraps the error of a migration. A person needs the error itself. */
function faultOf(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  for (let inner: unknown = error; inner instanceof Error; inner = inner.cause) {
    if (inner instanceof MigrationError) return inner;
  }
  return error;
}
