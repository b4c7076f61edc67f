import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';

/** Whoever signs for a stack. */
export interface Signer {
  /** One line: base64 of its DER (SPKI), as in a PEM file. */
  publicKey: string;
  sign(data: Buffer): Promise<Buffer>;
}

/**
 * An Ed25519 key as DER has it (RFC 8410) begins with this; the 32 bytes of the private one follow.
 */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');

/** @param seed 32 random bytes, base64 */
export function seedSigner(seed: string): Signer {
  const der = Buffer.concat([pkcs8Head, Buffer.from(seed, 'base64')]);
  const key: KeyObject = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return {
    publicKey: createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64'),
    sign: (data) => Promise.resolve(sign(null, data, key)),
  };
}

/** As a PEM file, which cosign and openssl read. */
export const pemOf = (publicKey: string): string =>
  `-----BEGIN PUBLIC KEY-----\n${publicKey}\n-----END PUBLIC KEY-----\n`;
