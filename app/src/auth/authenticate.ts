import type { Request, RequestHandler } from 'express';
import { unauthorized } from '../http/problem.ts';
import type { AccessTokens, Caller } from './accessTokens.ts';

const callers = new WeakMap<Request, Caller>();

/** Lets only requests with a valid bearer token through, and remembers whose they are. */
export function authenticate(tokens: AccessTokens): RequestHandler {
  return (req, _res, next) => {
    const match = /^Bearer ([\w.~+/=-]+)$/i.exec(req.headers.authorization ?? '');
    if (!match?.[1]) throw unauthorized();
    callers.set(req, tokens.verify(match[1]));
    next();
  };
}

/** Who sent the request. Only behind `authenticate`. */
export function callerOf(req: Request): Caller {
  const caller = callers.get(req);
  if (!caller) throw new Error('callerOf was used on a route without authenticate.');
  return caller;
}
