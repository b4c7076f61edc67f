import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Express } from 'express';
import { refuseOnSocket } from './http/refuseOnSocket.ts';
import type { Lifecycle } from './process/lifecycle.ts';

/** What the parser's error codes mean for the client. Every other one is a malformed request. */
const parserRefusals: Record<string, [status: number, detail: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time.'],
  HPE_HEADER_OVERFLOW: [431, 'The headers are too large.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'The extensions of a chunk are too large.'],
  HPE_INVALID_METHOD: [501, 'There is no such method.'],
  HPE_INVALID_VERSION: [505, 'Send HTTP/1.1 or HTTP/1.0.'],
};

/**
 * The HTTP server around the application. What never becomes a request of the application is
 * answered here, as a problem too. There is no `upgrade` listener on purpose: without one, Node
 * takes a request to upgrade for a plain one, which the routes answer.
 */
export function createListener(app: Express, lifecycle: Lifecycle): Server {
  const server = createServer(
    // A slow client must not hold a connection for ever. The proxy, not the app, must be the one
    // that closes an idle connection.
    {
      requestTimeout: 30_000,
      headersTimeout: 10_000,
      keepAliveTimeout: 75_000,
      maxHeaderSize: 16_384,
      // The application refuses a missing Host itself, as a problem.
      requireHostHeader: false,
    },
    app,
  );
  server.on('connect', (_req: IncomingMessage, socket: Socket) =>
    refuseOnSocket(socket, 501, 'This server is no proxy.'),
  );
  server.on('checkExpectation', app);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // Half an answer may be out already; only a broken connection says that it is not whole.
    const { _httpMessage: answer } = socket as Socket & { _httpMessage?: ServerResponse | null };
    if (error.code === 'ECONNRESET' || answer?.headersSent) return void socket.destroy();
    const [status, detail] = parserRefusals[error.code ?? ''] ?? [
      400,
      'The request is not valid HTTP.',
    ];
    refuseOnSocket(socket, status, detail);
  });
  lifecycle.watch(server);
  return server;
}
