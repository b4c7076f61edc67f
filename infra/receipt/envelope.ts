import { createPublicKey, verify } from 'node:crypto';
import { dsse } from '@sigstore/core';
import { pemOf, type Signer } from './signer.ts';

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

export async function seal(statement: unknown, signer: Signer): Promise<Envelope> {
  const payload = Buffer.from(JSON.stringify(statement));
  const signature = await signer.sign(dsse.preAuthEncoding(payloadType, payload));
  return {
    payloadType,
    payload: payload.toString('base64'),
    signatures: [{ keyid: signer.publicKey, sig: signature.toString('base64') }],
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
    // A key id would have to be one of cosign's own making; without, it tries the key it is given.
    dsseEnvelope: {
      ...envelope,
      signatures: envelope.signatures.map(({ sig }) => ({ sig, keyid: '' })),
    },
  });

/** What an envelope says, whoever signed it; undefined where it is none. */
export function statementIn(envelope: Envelope): unknown {
  try {
    return JSON.parse(Buffer.from(envelope.payload, 'base64').toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * The statement inside, if one of the keys has signed it; undefined also where it is no envelope.
 *
 * @param publicKeys base64 of their DER; Ed25519, or ECDSA with SHA-256
 */
export function open(envelope: Envelope, publicKeys: string[]): unknown {
  try {
    const payload = Buffer.from(envelope.payload, 'base64');
    const signed = dsse.preAuthEncoding(payloadType, payload);
    const isSigned = envelope.signatures.some(({ sig }) =>
      publicKeys.some((publicKey) => {
        const key = createPublicKey(pemOf(publicKey));
        const hash = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
        return verify(hash, signed, key, Buffer.from(sig, 'base64'));
      }),
    );
    return isSigned ? statementIn(envelope) : undefined;
  } catch {
    // Somebody else wrote it, or the key.
    return undefined;
  }
}
