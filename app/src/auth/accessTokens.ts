import { createSecretKey, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import type { Caller } from '../http/caller.ts';
import { unauthorized } from '../http/problem.ts';

export interface SigningKey {
  id: string;
  secret: string;
}

const issuer = 'slipway';
const audience = 'slipway-api';
const algorithm = 'HS256';
/** Our tokens have fewer than 400 characters. A longer text is refused without decoding it. */
const longest = 2_048;

/**
 * Signs and verifies access tokens: HS256 and nothing else, several keys at a time so that they can
 * be rotated.
 */
export class AccessTokens {
  // With a string, jsonwebtoken takes fifty times as long: it makes a key object on each call.
  readonly #keys: Map<string, KeyObject>;
  readonly #signingKey: string;
  readonly lifetimeS: number;

  /** @param keys the first signs, all verify */
  constructor(keys: SigningKey[], lifetimeS: number) {
    const [first] = keys;
    if (!first) throw new Error('AccessTokens needs at least one key.');
    this.#keys = new Map(keys.map(({ id, secret }) => [id, createSecretKey(Buffer.from(secret))]));
    this.#signingKey = first.id;
    this.lifetimeS = lifetimeS;
  }

  sign({ userId, role, sessionId }: Caller): string {
    const key = this.#keys.get(this.#signingKey)!;
    return jwt.sign({ role, sid: sessionId }, key, {
      algorithm,
      keyid: this.#signingKey,
      issuer,
      audience,
      subject: userId,
      expiresIn: this.lifetimeS,
    });
  }

  /** @throws a 401 of one shape, whatever is wrong with the token */
  verify(token: string): Caller {
    try {
      if (token.length > longest) throw new Error('too long');
      const header = JSON.parse(
        Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString(),
      ) as { kid?: unknown };
      const key = typeof header.kid === 'string' ? this.#keys.get(header.kid) : undefined;
      if (!key) throw new Error('unknown key id');
      const payload = jwt.verify(token, key, { algorithms: [algorithm], issuer, audience });
      // jsonwebtoken accepts a token that never expires; we do not.
      if (
        typeof payload === 'string' ||
        typeof payload.exp !== 'number' ||
        typeof payload.sub !== 'string'
      ) {
        throw new Error('no expiry or subject');
      }
      return {
        userId: payload.sub,
        role: payload['role'] === 'admin' ? 'admin' : 'member',
        // Tokens of the release before this was added have none; they live for minutes.
        sessionId: typeof payload['sid'] === 'string' ? payload['sid'] : '',
      };
    } catch {
      throw unauthorized();
    }
  }
}
