import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { expect, test } from 'vitest';
import { AccessTokens } from './accessTokens.ts';

const secret = 'a-secret-of-more-than-32-characters!';
const key = createSecretKey(Buffer.from(secret));
const tokens = new AccessTokens([{ id: 'k1', secret }], 900);
const caller = { userId: 'u1', role: 'member', sessionId: 's1' } as const;
const good = {
  keyid: 'k1',
  issuer: 'slipway',
  audience: 'slipway-api',
  subject: 'u1',
  expiresIn: 60,
  algorithm: 'HS256',
} as const;
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

test('a token that was signed here is accepted', () => {
  expect(tokens.verify(tokens.sign(caller))).toEqual(caller);
});

test('after a rotation the older key still verifies, and the newer one signs', () => {
  const rotated = new AccessTokens(
    [
      { id: 'k2', secret: 'another-secret-of-32-characters-or-more' },
      { id: 'k1', secret },
    ],
    900,
  );
  expect(rotated.verify(tokens.sign(caller))).toEqual(caller);
  expect(() => tokens.verify(rotated.sign(caller))).toThrow();
});

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const payload = {
  sub: 'u1',
  iss: 'slipway',
  aud: 'slipway-api',
  exp: Math.floor(Date.now() / 1000) + 60,
};

test.each<[string, () => string]>([
  ['alg none', () => `${encode({ alg: 'none', kid: 'k1' })}.${encode(payload)}.`],
  ['another algorithm of the same key', () => jwt.sign({}, key, { ...good, algorithm: 'HS512' })],
  ['RS256', () => jwt.sign({}, privateKey, { ...good, algorithm: 'RS256' })],
  ['a wrong audience', () => jwt.sign({}, key, { ...good, audience: 'other' })],
  ['a wrong issuer', () => jwt.sign({}, key, { ...good, issuer: 'other' })],
  ['an expiry in the past', () => jwt.sign({}, key, { ...good, expiresIn: -1 })],
  ['a start in the future', () => jwt.sign({}, key, { ...good, notBefore: 60 })],
  [
    'no expiry',
    () => jwt.sign({ sub: 'u1', iss: 'slipway', aud: 'slipway-api' }, key, { keyid: 'k1' }),
  ],
  [
    'an expiry that is no number',
    () => `${encode({ alg: 'HS256', kid: 'k1' })}.${encode({ ...payload, exp: 'never' })}.x`,
  ],
  [
    'no subject',
    () =>
      jwt.sign({}, key, { keyid: 'k1', issuer: 'slipway', audience: 'slipway-api', expiresIn: 60 }),
  ],
  ['an unknown key id', () => jwt.sign({}, key, { ...good, keyid: 'k9' })],
  [
    'a key id that is a property of every object',
    () => jwt.sign({}, key, { ...good, keyid: '__proto__' }),
  ],
  ['no key id', () => jwt.sign(payload, key)],
  ['8 KB', () => jwt.sign({ pad: 'x'.repeat(8_192) }, key, good)],
  [
    'a changed payload',
    () => jwt.sign({}, key, good).replace(/\.[^.]+\./, `.${encode({ ...payload, sub: 'u2' })}.`),
  ],
  ['nonsense', () => 'nonsense'],
  ['nothing', () => ''],
])('a token with %s is a 401 of the one shape', (_what, make) => {
  expect(() => tokens.verify(make())).toThrow(
    expect.objectContaining({
      status: 401,
      message: 'A valid access token is needed. Sign in at POST /api/login.',
    }),
  );
});
