import type { Server } from 'node:http';
import type { RequestHandler, Response } from 'express';
import type { Logger } from 'pino';

/** Knows whether the process is on its way out, and takes it there without dropping a request. */
export class Lifecycle {
  #draining = false;
  readonly #inFlight = new Set<Response>();

  get draining(): boolean {
    return this.#draining;
  }

  /** While draining, tells each client to open its next connection elsewhere. Has to stand before everything else. */
  readonly middleware: RequestHandler = (_req, res, next) => {
    if (this.#draining) res.setHeader('connection', 'close');
    this.#inFlight.add(res);
    res.once('close', () => this.#inFlight.delete(res));
    next();
  };

  /**
   * Stops accepting, lets requests in flight finish, and breaks off what is left at the deadline.
   *
   * @returns whether everything finished by itself
   */
  async drain(server: Server, timeoutMs: number, log: Logger): Promise<boolean> {
    this.#draining = true;
    // Without this, a client could send its next request just as the connection, idle again, is being closed.
    for (const res of this.#inFlight) if (!res.headersSent) res.setHeader('connection', 'close');
    let whole = true;
    const deadline = setTimeout(() => {
      whole = false;
      log.warn('requests were still running at the shutdown deadline; breaking them off');
      server.closeAllConnections();
    }, timeoutMs);
    // A connection that falls idle during the drain is closed, not kept for a next request.
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
    });
    clearTimeout(deadline);
    clearInterval(sweep);
    return whole;
  }
}
