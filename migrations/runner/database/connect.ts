import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { MigrationError } from '../exit.ts';
import { pooled } from './session.ts';

export interface Target {
  /** `postgres://user:password@host:5432/database` */
  databaseUrl: string;
  /** The schema everything lives in, such as `public`. */
  schema: string;
  /** How long to wait for a database that does not answer yet, in milliseconds. */
  connectWaitMs: number;
}

/** Where we connect to, without the password. */
function describe(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  return `${url.hostname}:${url.port || '5432'}${url.pathname}`;
}

/**
 * Connects, waiting a bounded time for a database that is still starting.
 *
 * @throws {MigrationError} `unreachable`, `authentication`, `tls`, `pooler` or `usage`
 */
export async function connect(
  target: Target,
  say: (line: string) => void,
  signal?: AbortSignal,
): Promise<pg.Client> {
  const deadline = Date.now() + target.connectWaitMs;
  for (let attempt = 0; ; attempt++) {
    try {
      return await open(target, Math.max(1_000, Math.min(5_000, deadline - Date.now())));
    } catch (error) {
      const fault = explain(error, target);
      const left = deadline - Date.now();
      if (fault.reason !== 'unreachable' || left <= 0 || signal?.aborted) throw fault;
      if (attempt === 0)
        say(`waiting for the database at ${describe(target.databaseUrl)} (${message(error)})`);
      await sleep(
        Math.min(left, 100 * 2 ** Math.min(attempt, 4)),
        undefined,
        signal ? { signal } : {},
      ).catch(() => {});
    }
  }
}

async function open(target: Target, timeoutMs: number): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: target.databaseUrl,
    application_name: 'slipway-migrate',
    connectionTimeoutMillis: timeoutMs,
    keepAlive: true,
    // Queries are sent at once, without a wait for the answer to the one before: see step.ts.
    pipeline: true,
    // Without the check, the server goes on with the statement of a client that was killed, and
    // keeps its locks, ours with them.
    options: `-c search_path=${target.schema} -c timezone=UTC -c client_connection_check_interval=1s`,
  });
  // Without a listener, a connection that the server drops while idle would end the process with a
  // stack trace.
  client.on('error', () => {});
  await client.connect();
  return client;
}

function explain(error: unknown, target: Target): MigrationError {
  const where = describe(target.databaseUrl);
  const code = (error as { code?: string }).code ?? '';
  const text = message(error);
  const cause = { cause: error };
  if (/startup parameter/.test(text))
    return pooled(`it refused the connection's settings (${text})`, cause);
  if (code === '28P01' || code === '28000' || /password must be a string|SASL/.test(text)) {
    return new MigrationError(
      'authentication',
      `${where} refused the sign-in: ${text}. Check DATABASE_URL.`,
      cause,
    );
  }
  if (code === '3D000') {
    return new MigrationError(
      'usage',
      `${where}: ${text}. Create the database, or correct DATABASE_URL.`,
      cause,
    );
  }
  if (/SSL|TLS|certificate/i.test(text) || /CERT|SSL|TLS/.test(code)) {
    return new MigrationError(
      'tls',
      `${where}: TLS failed: ${text}. Check sslmode in DATABASE_URL.`,
      cause,
    );
  }
  return new MigrationError(
    'unreachable',
    `${where} did not answer within ${Math.round(target.connectWaitMs / 1000)} s: ${text}. Is the database running?`,
    cause,
  );
}

/** Node's connection errors can be an AggregateError with an empty message. */
function message(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(message).join('; ');
  return error instanceof Error ? error.message : String(error);
}
