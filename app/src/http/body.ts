import { isUtf8 } from 'node:buffer';
import express, { type RequestHandler } from 'express';
import { Problem } from './problem.ts';

/** The largest body that a route may ask for; a gateway before the app lets no more through. */
export const largestBody = '256kb';

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
    express.json({
      limit,
      strict: true,
      verify: requireUtf8,
      reviver: requireExact,
    }),
  ];
}

/** JSON has numbers of any size; what would be stored as another one is refused. */
function requireExact(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined) return value;
  const isInteger = /^-?\d+$/.test(source);
  if (Number.isFinite(value) && (!isInteger || BigInt(source) === BigInt(value))) return value;
  throw new RangeError(
    `The number ${source.slice(0, 40)} cannot be kept exactly. Send it as text.`,
  );
}

/**
 * Without this, the parser also takes UTF-16 and UTF-32, and stores replacement characters for
 * bytes that it cannot read.
 */
function requireUtf8(_req: unknown, _res: unknown, body: Buffer, charset: string): void {
  if (charset === 'utf-8' && isUtf8(body)) return;
  throw Object.assign(new Error('not UTF-8'), { type: 'encoding.not-utf-8' });
}
