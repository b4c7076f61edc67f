import type { Response } from 'express';

/**
 * Writes JSON that is already text, as Postgres built it. Faster than res.json, which would parse
 * and hash it again.
 */
export function sendJson(res: Response, status: number, text: string): void {
  res.statusCode = status;
  res.setHeader('content-type', 'application/json; charset=utf-8');
  res.setHeader('cache-control', 'no-store');
  res.end(text);
}
