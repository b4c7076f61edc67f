import type { RequestHandler } from 'express';
import { Problem } from './problem.ts';

/** What Node would refuse without a body: HTTP/1.1 without a Host, and an unknown `Expect`. */
export const refuseOddRequests: RequestHandler = (req, _res, next) => {
  if (req.httpVersion === '1.1' && req.headers.host === undefined)
    throw new Problem(400, 'The Host header is missing.');
  const { expect } = req.headers;
  if (expect !== undefined && expect.toLowerCase() !== '100-continue')
    throw new Problem(417, 'Only "Expect: 100-continue" can be met.');
  next();
};
