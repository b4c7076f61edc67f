import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';

/**
 * Ends a connection in good order; cuts it when the server does not come to an end with what it was
 * asked.
 */
export async function disconnect(client: pg.Client): Promise<void> {
  await Promise.race([client.end().catch(() => {}), sleep(2_000, undefined, { ref: false })]);
  cut(client);
}

/** Closes the socket, whatever is under way on it: the server rolls that back when it notices. */
export function cut(client: pg.Client): void {
  (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
}
