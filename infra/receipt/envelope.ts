import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { dsse } from '@sigstore/core';

/**
 * A signed document. Source: github.com/secure-systems-lab/dsse, `envelope.md`; `cosign
 * verify-blob-attestation` and in-toto's tools read it.
 */
export interface Envelope {
  payloadType: string;
  /** Base64. */
  payload: string;
  signatures: { keyid: string; sig: string }[];
}

const payloadType = 'application/vnd.in-toto+json';

/**
 * An Ed25519 key as DER has it (RFC 8410) begins with this; the 32 bytes of the private one follow.
 */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');

/** @param seed 32 random bytes, base64 */
export function signingKey(seed: string): KeyObject {
  const key = Buffer.concat([pkcs8Head, Buffer.from(seed, 'base64')]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

/** The public half as one line: base64 of its DER (SPKI), as in a PEM file. */
export const publicKeyOf = (key: KeyObject): string =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64');

/** As a PEM file, which cosign and openssl read. */
export const pemOf = (publicKey: string): string =>
  `-----BEGIN PUBLIC KEY-----\n${publicKey}\n-----END PUBLIC KEY-----\n`;

export function seal(statement: unknown, key: KeyObject): Envelope {
  const payload = Buffer.from(JSON.stringify(statement));
  const signature = sign(null, dsse.preAuthEncoding(payloadType, payload), key);
  return {
    payloadType,
    payload: payload.toString('base64'),
    signatures: [{ keyid: publicKeyOf(key), sig: signature.toString('base64') }],
  };
}

/** What the registry keeps a bundle as. */
export const bundleType = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/**
 * An envelope as `cosign verify-attestation` reads it from a registry. Source:
 * github.com/sigstore/protobuf-specs, `sigstore_bundle.proto`.
 */
export const bundleOf = (envelope: Envelope): string =>
  JSON.stringify({
    mediaType: bundleType,
    verificationMaterial: { publicKey: { hint: envelope.signatures[0]?.keyid }, tlogEntries: [] },
    dsseEnvelope: envelope,
  });

/**
 * The statement inside, if one of the keys has signed it; undefined also where it is no envelope.
 *
 * @param publicKeys as of `publicKeyOf`
 */
export function open(envelope: Envelope, publicKeys: string[]): unknown {
  try {
    const payload = Buffer.from(envelope.payload, 'base64');
    const signed = dsse.preAuthEncoding(payloadType, payload);
    const isSigned = envelope.signatures.some(({ sig }) =>
      publicKeys.some((key) => verify(null, signed, pemOf(key), Buffer.from(sig, 'base64'))),
    );
    return isSigned ? (JSON.parse(payload.toString('utf8')) as unknown) : undefined;
  } catch {
    // Somebody else wrote it, or the key.
    return undefined;
  }
}
