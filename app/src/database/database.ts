import pg from 'pg';
import type { Logger } from 'pino';
import type { ServeSettings } from '../settings/settings.ts';

interface DatabaseOptions {
  url: string;
  schema: string;
  /** The most connections one process opens. */
  max: number;
  /** How long a request waits for a connection, in milliseconds. */
  poolTimeoutMs: number;
  idleTimeoutMs: number;
  maxLifetimeS: number;
  statementTimeoutMs: number;
}

/** The pool of a process that serves. */
export const servePool = (settings: ServeSettings): DatabaseOptions => ({
  url: settings.DATABASE_URL,
  schema: settings.DATABASE_SCHEMA,
  max: settings.DATABASE_POOL_MAX,
  poolTimeoutMs: settings.DATABASE_POOL_TIMEOUT_MS,
  idleTimeoutMs: settings.DATABASE_POOL_IDLE_TIMEOUT_MS,
  maxLifetimeS: settings.DATABASE_POOL_MAX_LIFETIME_S,
  statementTimeoutMs: settings.DATABASE_STATEMENT_TIMEOUT_MS,
});

/**
 * A pool of connections to Postgres that outlives the loss of every one of them.
 *
 * Queries carry no name. With one, the server parses and plans each once per connection, which saves
 * a fifth of its time; but a migration beside the running process that changes the type of a column
 * makes the kept plan fail (`cached plan must not change result type`), inside a transaction every
 * time.
 */
export function openDatabase(options: DatabaseOptions, log: Logger): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: 'slipway-api',
    max: options.max,
    connectionTimeoutMillis: options.poolTimeoutMs,
    idleTimeoutMillis: options.idleTimeoutMs,
    maxLifetimeSeconds: options.maxLifetimeS,
    statement_timeout: options.statementTimeoutMs,
    // A server that is gone without a word never reports the statement's own timeout.
    query_timeout: options.statementTimeoutMs + 1_000,
    idle_in_transaction_session_timeout: options.statementTimeoutMs * 2,
    keepAlive: true,
    options: `-c search_path=${options.schema} -c timezone=UTC`,
  });
  // Without these listeners, an idle connection that breaks would end the process.
  pool.on('error', (error) => log.warn({ err: error }, 'a database connection broke'));
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** Runs `work` in a transaction: committed when it returns, rolled back when it throws. */
export async function transaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: Error) => void (broken = failure));
    throw error;
  } finally {
    // A connection that could not even roll back is thrown away instead of going back to the pool.
    client.release(broken);
  }
}
