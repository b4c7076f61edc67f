import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { cut } from './disconnect.ts';
import { MigrationError } from '../exit.ts';

/**
 * Makes sure that the connection is one session of the server, start to end. A pooler in
 * transaction mode gives each transaction another session: the lock would then be held by nobody in
 * particular.
 *
 * Connected directly, the server says at the start which process serves us, and this costs one
 * query. A pooler makes that number up; then a second connection shows whether the two share a
 * server process, or one changes it.
 *
 * @param open opens a second connection to the same place
 * @returns the process id of the session in the server
 * @throws {MigrationError} `pooler`
 */
export async function requireSession(
  client: Client,
  schema: string,
  open: () => Promise<Client>,
): Promise<number> {
  const { rows } = await client.query<{ pid: number; path: string }>(
    `SELECT pg_backend_pid() AS pid, current_setting('search_path') AS path`,
  );
  const { pid, path } = rows[0] ?? { pid: 0, path: '' };
  if (path !== schema)
    throw pooled(`it dropped the connection's settings (search_path is "${path}")`);
  const { processID } = client as unknown as { processID: number };
  if (pid !== processID && !(await isKept(client, pid, open))) {
    throw pooled('it gives each transaction another session of the server');
  }
  return pid;
}

async function isKept(client: Client, pid: number, open: () => Promise<Client>): Promise<boolean> {
  const second = await open();
  const compare = async (): Promise<boolean> => {
    await second.query('BEGIN');
    if ((await backend(second)) === pid) return false;
    return (await backend(client)) === pid;
  };
  try {
    // A pool of one makes one of the two wait for the other: no place to hold a lock either.
    return await Promise.race([compare(), sleep(3_000, false, { ref: false })]);
  } finally {
    cut(second);
  }
}

async function backend(client: Client): Promise<number | undefined> {
  return (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;
}

export function pooled(how: string, options?: ErrorOptions): MigrationError {
  return new MigrationError(
    'pooler',
    `A connection pooler stands between us and Postgres, and ${how}. The lock that keeps two runs apart needs a session ` +
      "of its own: give DATABASE_URL the server's own address.",
    options,
  );
}
