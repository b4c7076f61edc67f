import type { ErrorRequestHandler, RequestHandler } from 'express';
import * as z from 'zod';
import { isUnavailable } from '../database/unavailable.ts';
import { Problem, sendProblem } from './problem.ts';

/** The last handler: turns every error into problem details, and logs those we did not expect. */
export const errorHandler: ErrorRequestHandler = (error: unknown, req, res, _next) => {
  const problem = toProblem(error);
  // We raise a problem without a cause on purpose: the request's own log line says enough.
  if (problem.status >= 500 && problem.cause !== undefined)
    req.log.error({ err: problem.cause }, problem.message);
  // Half an answer is out already. Only a broken connection says that it is not whole.
  if (res.headersSent) return void res.destroy();
  sendProblem(res, problem);
};

export const noSuchRoute: RequestHandler = (req) => {
  throw new Problem(
    404,
    `There is nothing at ${req.method} ${req.originalUrl.split('?', 1)[0]}. The routes are listed in /openapi.json.`,
  );
};

/** @param methods the methods that the route answers, such as `['GET', 'POST']` */
export const methodNotAllowed =
  (methods: string[]): RequestHandler =>
  (req) => {
    throw new Problem(
      405,
      `${req.method} is not possible here; this address takes ${methods.join(', ')}.`,
      {
        headers: { allow: methods.join(', ') },
      },
    );
  };

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof z.ZodError) return invalid(error);
  const { code, type, status } = error as { code?: string; type?: string; status?: number };
  if (isUnavailable(error)) {
    return new Problem(503, 'The database does not answer in time. Try again shortly.', {
      cause: error,
      headers: { 'retry-after': '1' },
    });
  }
  // Postgres cannot store these characters. Validation should have refused them.
  if (code === '22021' || code === '22P05')
    return new Problem(400, 'The request holds characters that cannot be stored.', {
      cause: error,
    });
  if (type === 'entity.too.large')
    return new Problem(413, 'The body is too large.', { cause: error });
  if (type?.startsWith('encoding.') || type === 'charset.unsupported') {
    return new Problem(
      415,
      'The body is encoded in a way that is not supported; send UTF-8 JSON.',
      { cause: error },
    );
  }
  if (type === 'entity.parse.failed' && error instanceof RangeError)
    return new Problem(400, error.message, { cause: error });
  if (type === 'entity.parse.failed')
    return new Problem(400, 'The body is not valid JSON.', { cause: error });
  // Express and its parsers refuse malformed URLs and aborted bodies themselves.
  if (status !== undefined && status >= 400 && status < 500) {
    return new Problem(status, 'The request cannot be understood.', { cause: error });
  }
  return new Problem(500, 'Something went wrong on our side. The requestId helps to find it.', {
    cause: error ?? 'nothing',
  });
}

function invalid(error: z.ZodError): Problem {
  const errors = error.issues
    .slice(0, 20)
    .map(({ path, message }) => ({ path: path.map(String), message }));
  return new Problem(400, 'The request is not valid.', { cause: error, extensions: { errors } });
}
