import { open, seal, type Envelope } from './envelope.ts';
import type { Signer } from './signer.ts';
import { digestOf, statementType } from './statement.ts';

/** A stack's word that it has verified a release. */
export interface Verified {
  /** `<project>/<stack>` of the stack that did. */
  stack: string;
  /** The image's identity, `sha256:…`. */
  release: string;
  /** The image's digest in the registry, where there is one. */
  repoDigest?: string | undefined;
  /** ISO 8601. */
  at: string;
}

/**
 * An in-toto statement with SLSA's verification summary as its predicate. Source:
 * slsa.dev/spec/v1.1/verification_summary.
 */
interface Statement {
  _type: string;
  subject: { name: string; digest: { sha256: string } }[];
  predicateType: string;
  predicate: {
    verifier: { id: string };
    timeVerified: string;
    resourceUri: string;
    policy: { uri: string };
    verificationResult: string;
    verifiedLevels: string[];
    slsaVersion: string;
  };
}

export const predicateType = 'https://slsa.dev/verification_summary/v1';

/** A successful rollout has shown this much; levels of our own, as the specification allows. */
const levels = ['SLIPWAY_MIGRATED', 'SLIPWAY_READY', 'SLIPWAY_SERVING'];

export function attest(verified: Verified, signer: Signer): Promise<Envelope> {
  return seal(statementOf(verified), signer);
}

function statementOf({ stack, release, repoDigest, at }: Verified): Statement {
  const subject = [
    { name: 'image', digest: digestOf(release) },
    ...(repoDigest ? [{ name: 'manifest', digest: digestOf(repoDigest) }] : []),
  ];
  return {
    _type: statementType,
    subject,
    predicateType,
    predicate: {
      verifier: { id: `slipway:${stack}` },
      timeVerified: at,
      resourceUri: release,
      policy: { uri: 'slipway:migrate-prove-switch' },
      verificationResult: 'PASSED',
      verifiedLevels: levels,
      slsaVersion: '1.1',
    },
  };
}

/**
 * Why a receipt is not to be believed; undefined where it is.
 *
 * @param envelope what the receipt carries as its proof
 * @param verified what the receipt says
 * @param publicKeys one of them must have signed it
 */
export function disbelief(
  envelope: Envelope | undefined,
  verified: Verified,
  publicKeys: string[],
): string | undefined {
  if (!envelope) return 'its receipt is not signed';
  const signed = open(envelope, publicKeys);
  if (signed === undefined)
    return 'its receipt was signed by another key, or was changed after it was signed';
  const expected = statementOf(verified);
  if (JSON.stringify(signed) === JSON.stringify(expected)) return undefined;
  const { subject, predicate } = signed as Statement;
  const said = `${predicate.verifier.id} verified sha256:${subject[0]?.digest.sha256.slice(0, 12) ?? ''} at ${predicate.timeVerified}`;
  return `its receipt was changed: what was signed is that ${said}`;
}
