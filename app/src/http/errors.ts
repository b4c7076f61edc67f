import type { ErrorRequestHandler, RequestHandler } from 'express';
import * as z from 'zod';
import { Problem, sendProblem } from './problem.ts';

/**
 * The last handler: whatever was thrown becomes problem details, and what we did not expect is
 * logged.
 */
export const errorHandler: ErrorRequestHandler = (error: unknown, req, res, _next) => {
  const problem = toProblem(error);
  // A problem without a cause is one we raised ourselves on purpose; the request's own log line
  // says enough.
  if (problem.status >= 500 && problem.cause !== undefined)
    req.log.error({ err: problem.cause }, problem.message);
  // Half an answer is out already: breaking the connection is the only way to say that it is not
  // whole.
  if (res.headersSent) return void res.destroy();
  sendProblem(res, problem);
};

export const noSuchRoute: RequestHandler = (req) => {
  throw new Problem(
    404,
    `There is nothing at ${req.method} ${req.originalUrl.split('?', 1)[0]}. The routes are listed in /openapi.json.`,
  );
};

/** @param methods what the route does answer, such as `['GET', 'POST']` */
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

export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof z.ZodError) return invalid(error);
  const { code, type, status, message } = error as {
    code?: string;
    type?: string;
    status?: number;
    message?: string;
  };
  if (isUnavailable(code, message)) {
    return new Problem(503, 'The database does not answer in time. Try again shortly.', {
      cause: error,
      headers: { 'retry-after': '1' },
    });
  }
  // Characters that Postgres cannot store, should one ever get past validation.
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
  if (type === 'entity.parse.failed')
    return new Problem(400, 'The body is not valid JSON.', { cause: error });
  // What Express and its parsers refuse of their own: malformed URLs, aborted bodies.
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

/**
 * Lost, refused and timed-out connections, a statement past its timeout, a server that is starting
 * or stopping.
 */
function isUnavailable(code = '', message = ''): boolean {
  return (
    /^(08|57P0|53)/.test(code) ||
    code === '57014' ||
    [
      'ECONNREFUSED',
      'ECONNRESET',
      'ENOTFOUND',
      'EAI_AGAIN',
      'ETIMEDOUT',
      'EPIPE',
      'EHOSTUNREACH',
    ].includes(code) ||
    /timeout exceeded when trying to connect|Connection terminated|Query read timeout|Client has encountered a connection error|Client was closed/.test(
      message,
    )
  );
}
