import type { Response } from 'express';

/** Sends JSON text that Postgres has built. res.json would serialize it again. */
export function sendJson(res: Response, status: number, text: string): void {
  res.statusCode = status;
  res.setHeader('content-type', 'application/json; charset=utf-8');
  res.setHeader('cache-control', 'no-store');
  res.end(text);
}
