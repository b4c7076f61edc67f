import type { RequestHandler } from 'express';
import { setCaller } from '../http/caller.ts';
import { unauthorized } from '../http/problem.ts';
import type { AccessTokens } from './accessTokens.ts';

/** Lets only requests with a valid bearer token through, and notes whose they are. */
export function authenticate(tokens: AccessTokens): RequestHandler {
  return (req, _res, next) => {
    const match = /^Bearer ([\w.~+/=-]+)$/i.exec(req.headers.authorization ?? '');
    if (!match?.[1]) throw unauthorized();
    setCaller(req, tokens.verify(match[1]));
    next();
  };
}
