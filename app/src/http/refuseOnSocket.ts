import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { problemDetails, Problem } from './problem.ts';

/** A client that keeps its half of the connection open loses it after this time. */
const lingerMs = 1_000;

/** Answers a connection that carries no request that the application could see, and closes it. */
export function refuseOnSocket(socket: Socket, status: number, detail: string): void {
  if (!socket.writable) return void socket.destroy();
  const id = randomUUID();
  const body = JSON.stringify(problemDetails(new Problem(status, detail), id));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`,
    'content-type: application/problem+json; charset=utf-8',
    'cache-control: no-store',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${id}`,
    'connection: close',
  ];
  socket.on('error', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  // What the client still sends is read and dropped: unread bytes would reset the connection, and
  // the answer with it.
  socket.removeAllListeners('data').resume();
  setTimeout(() => socket.destroy(), lingerMs).unref();
}
