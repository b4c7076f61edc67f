import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';
import { knownCaller } from './caller.ts';
import { addressOf } from './clientAddress.ts';
import type { Metrics } from '../process/metrics.ts';

/** An id from outside is kept if it can do no harm in a log or a header. */
const saneId = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * Gives every request an id and a logger, and logs its end in one line. A probe is logged only when
 * it fails.
 */
export function requestLog(log: Logger): RequestHandler {
  return pinoHttp({
    logger: log,
    genReqId: (req, res) => {
      const given = req.headers['x-request-id'];
      const id = typeof given === 'string' && saneId.test(given) ? given : randomUUID();
      res.setHeader('x-request-id', id);
      return id;
    },
    autoLogging: {
      ignore: (req) =>
        req.url === '/health' || req.url === '/health/ready' || req.url === '/metrics',
    },
    // The error handler has logged the error.
    customErrorObject: (_req, _res, _error, value: object) => ({ ...value, err: undefined }),
    customLogLevel: (_req, res, error) => (error || res.statusCode >= 500 ? 'error' : 'info'),
    // Without the query: a person's cursor is private.
    serializers: {
      req: (req: { id: string; method: string; url: string; raw: Request }) => ({
        id: req.id,
        method: req.method,
        path: req.url.split('?', 1)[0],
        client: addressOf(req.raw),
      }),
      res: (res: { statusCode: number }) => ({ status: res.statusCode }),
    },
    quietReqLogger: true,
    customProps: (req) => {
      const caller = knownCaller(req as Request);
      return caller ? { userId: caller.userId } : {};
    },
  });
}

/**
 * Measures requests by route pattern, never by path: an id in a label would make a new time series
 * for each object.
 */
export function requestMetrics(metrics: Metrics): RequestHandler {
  return (req, res, next) => {
    const started = performance.now();
    res.once('close', () => {
      const route = (req.route as { path?: unknown } | undefined)?.path;
      const labels = {
        method: req.method,
        route: typeof route === 'string' ? route : 'unmatched',
        status: String(res.writableEnded ? res.statusCode : 499),
      };
      metrics.requests.observe(labels, (performance.now() - started) / 1_000);
    });
    next();
  };
}
