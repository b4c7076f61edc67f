import type { Server } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import type { RequestHandler, Response } from 'express';
import type { Logger } from 'pino';

/**
 * How long a connection that is open but has sent nothing yet may still send its request during a
 * drain.
 */
const newConnectionGraceMs = 1_000;

/** Knows whether the process is on its way out, and takes it there without dropping a request. */
export class Lifecycle {
  #draining = false;
  readonly #inFlight = new Set<Response>();
  readonly #connections = new Map<Socket, 'new' | 'busy' | 'idle'>();

  get draining(): boolean {
    return this.#draining;
  }

  /**
   * While draining, tells each client to open its next connection elsewhere. Has to stand before
   * everything else.
   */
  readonly middleware: RequestHandler = (_req, res, next) => {
    if (this.#draining) res.setHeader('connection', 'close');
    this.#inFlight.add(res);
    res.once('close', () => this.#inFlight.delete(res));
    next();
  };

  /**
   * Follows the server's connections, so that a drain can tell those that wait for a first request
   * from idle ones.
   */
  watch(server: Server): void {
    server.on('connection', (socket) => {
      this.#connections.set(socket, 'new');
      socket.once('close', () => this.#connections.delete(socket));
    });
    server.on('request', ({ socket }, res) => {
      this.#connections.set(socket, 'busy');
      res.once(
        'close',
        () => this.#connections.has(socket) && this.#connections.set(socket, 'idle'),
      );
    });
    server.on('upgrade', ({ socket }) => this.#connections.delete(socket));
  }

  /**
   * Stops accepting, lets requests in flight finish, and breaks off what is left at the deadline.
   *
   * @returns whether everything finished by itself
   */
  async drain(server: Server, timeoutMs: number, log: Logger): Promise<boolean> {
    this.#draining = true;
    // Without this, a client could send its next request just as the connection, idle again, is
    // being closed.
    for (const res of this.#inFlight) if (!res.headersSent) res.setHeader('connection', 'close');
    let whole = true;
    const deadline = setTimeout(() => {
      whole = false;
      log.warn('requests were still running at the shutdown deadline; breaking them off');
      server.closeAllConnections();
    }, timeoutMs);
    // A connection that falls idle during the drain is closed, not kept for a next request.
    const started = Date.now();
    const sweep = setInterval(
      () => this.#closeUnused(Date.now() - started > newConnectionGraceMs),
      50,
    );
    await new Promise<void>((resolve) => {
      // Not the HTTP server's own close: that one also resets connections whose first request is
      // still on its way.
      NetServer.prototype.close.call(server, () => resolve());
      this.#closeUnused(false);
    });
    clearTimeout(deadline);
    clearInterval(sweep);
    return whole;
  }

  #closeUnused(alsoNew: boolean): void {
    for (const [socket, state] of this.#connections) {
      if (state === 'idle' || (alsoNew && state === 'new')) socket.destroy();
    }
  }
}
