import type { Server } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import type { RequestHandler, Response } from 'express';
import type { Logger } from 'pino';

/** During a drain, an open connection may still send its first request for this time. */
const newConnectionGraceMs = 1_000;

/** Knows whether the process is shutting down, and shuts it down without dropping a request. */
export class Lifecycle {
  #draining = false;
  readonly #inFlight = new Set<Response>();
  readonly #connections = new Map<Socket, 'new' | 'busy' | 'idle'>();

  get draining(): boolean {
    return this.#draining;
  }

  /** During a drain, tells clients to open their next connection elsewhere. Must come first. */
  readonly middleware: RequestHandler = (_req, res, next) => {
    if (this.#draining) res.setHeader('connection', 'close');
    this.#inFlight.add(res);
    res.once('close', () => this.#inFlight.delete(res));
    next();
  };

  /** Follows the server's connections: a drain must tell new connections from idle ones. */
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
  }

  /**
   * Accepts no more connections, lets requests in flight finish, and breaks the rest off at the
   * deadline.
   *
   * @returns whether everything finished by itself
   */
  async drain(server: Server, timeoutMs: number, log: Logger): Promise<boolean> {
    this.#draining = true;
    // Without this header, a client could send its next request while the idle connection closes.
    for (const res of this.#inFlight) if (!res.headersSent) res.setHeader('connection', 'close');
    let whole = true;
    const deadline = setTimeout(() => {
      whole = false;
      log.warn('requests were still running at the shutdown deadline; breaking them off');
      // Not closeAllConnections: it passes over a connection that has left HTTP, such as CONNECT's.
      for (const socket of this.#connections.keys()) socket.destroy();
    }, timeoutMs);
    // A connection that becomes idle during the drain is closed.
    const started = Date.now();
    const sweep = setInterval(
      () => this.#closeUnused(Date.now() - started > newConnectionGraceMs),
      50,
    );
    await new Promise<void>((resolve) => {
      // The HTTP server's own close would also reset connections whose first request is on its way.
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
