import type { RequestHandler } from 'express';
import { setCaller } from '../http/caller.ts';
import { unauthorized } from '../http/problem.ts';
import type { AccessTokens } from './accessTokens.ts';
import type { EndedSessions } from './endedSessions.ts';

/** Lets only requests with a valid bearer token of a living session through, and notes whose they are. */
export function authenticate(tokens: AccessTokens, ended: EndedSessions): RequestHandler {
  return async (req, _res, next) => {
    const match = /^Bearer ([\w.~+/=-]+)$/i.exec(req.headers.authorization ?? '');
    if (!match?.[1]) throw unauthorized();
    const caller = tokens.verify(match[1]);
    if (await ended.has(caller.sessionId)) throw unauthorized();
    setCaller(req, caller);
    next();
  };
}
