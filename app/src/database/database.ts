import pg from 'pg';
import type { Logger } from 'pino';

export interface DatabaseOptions {
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

/**
 * A pool of connections to Postgres that outlives the loss of every one of them.
 *
 * Queries carry a name, so that the server parses and plans each once per connection; without, they
 * cost a quarter more. A name stands for one text: never use it for another.
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
    // For a server that is gone without a word: the statement's own timeout never comes back from
    // there.
    query_timeout: options.statementTimeoutMs + 1_000,
    idle_in_transaction_session_timeout: options.statementTimeoutMs * 2,
    keepAlive: true,
    options: `-c search_path=${options.schema} -c timezone=UTC`,
  });
  // Without these listeners a connection that breaks while nobody uses it would end the process.
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
