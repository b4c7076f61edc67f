import express, { type RequestHandler } from 'express';
import { Problem } from './problem.ts';

/** Reads a JSON body. Any other type is refused before a byte of it is kept. */
export function jsonBody(limit: string): RequestHandler[] {
  return [
    (req, _res, next) => {
      const hasBody =
        req.headers['transfer-encoding'] !== undefined ||
        Number(req.headers['content-length'] ?? 0) > 0;
      if (hasBody && !req.is('application/json'))
        throw new Problem(415, 'Send the body as application/json.');
      next();
    },
    express.json({ limit, strict: true }),
  ];
}
