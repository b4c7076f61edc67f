import { STATUS_CODES } from 'node:http';
import type { Response } from 'express';

interface ProblemDetails {
  type: string;
  title: string;
  status: number;
  detail?: string;
  instance?: string;
  [extension: string]: unknown;
}

/** An error answer. Code throws it anywhere; it is sent as RFC 9457 problem details. */
export class Problem extends Error {
  readonly status: number;
  readonly extensions: Record<string, unknown>;
  readonly headers: Record<string, string>;

  constructor(
    status: number,
    detail: string,
    options: ErrorOptions & {
      extensions?: Record<string, unknown>;
      headers?: Record<string, string>;
    } = {},
  ) {
    super(detail, options);
    this.name = 'Problem';
    this.status = status;
    this.extensions = options.extensions ?? {};
    this.headers = options.headers ?? {};
  }
}

/** One answer for every fault of a token: it does not tell the reason. */
export const unauthorized = (): Problem =>
  new Problem(401, 'A valid access token is needed. Sign in at POST /api/login.', {
    headers: { 'www-authenticate': 'Bearer realm="slipway"' },
  });

/** The same answer for a thing that does not exist and for a thing of somebody else. */
export const notFound = (what: string): Problem => new Problem(404, `There is no such ${what}.`);

export const problemDetails = (problem: Problem, requestId: unknown): ProblemDetails => ({
  type: 'about:blank',
  title: STATUS_CODES[problem.status] ?? 'Error',
  status: problem.status,
  detail: problem.message,
  ...problem.extensions,
  requestId,
});

export function sendProblem(res: Response, problem: Problem): void {
  res.statusCode = problem.status;
  for (const [name, value] of Object.entries(problem.headers)) res.setHeader(name, value);
  res.setHeader('content-type', 'application/problem+json; charset=utf-8');
  res.setHeader('cache-control', 'no-store');
  res.end(JSON.stringify(problemDetails(problem, res.req.id)));
}
