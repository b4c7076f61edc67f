import { createPublicKey, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { bundleOf, open, type Envelope } from './envelope.ts';
import { pemOf, seedSigner, type Signer } from './signer.ts';
import { attest, disbelief, predicateType } from './verification.ts';

const seed = randomBytes(32).toString('base64');
const key = seedSigner(seed).publicKey;
const verified = {
  stack: 'slipway/dev',
  release: `sha256:${'a'.repeat(64)}`,
  at: '2026-12-01T10:00:00.000Z',
};
const envelope = await attest(verified, seedSigner(seed));
const other = seedSigner(randomBytes(32).toString('base64')).publicKey;

describe('the proof of a release', () => {
  it('is believed with the key of the stack that signed it, which one seed always gives', () => {
    expect(disbelief(envelope, verified, [other, key])).toBeUndefined();
    expect(seedSigner(seed).publicKey).toBe(key);
  });

  it('is a DSSE envelope around an in-toto statement, signed as the specification says', () => {
    const payload = Buffer.from(envelope.payload, 'base64');
    const type = 'application/vnd.in-toto+json';
    const signed = `DSSEv1 ${type.length} ${type} ${payload.length} ${payload.toString()}`;
    const signature = Buffer.from(envelope.signatures[0]?.sig ?? '', 'base64');
    expect(verify(null, Buffer.from(signed), createPublicKey(pemOf(key)), signature)).toBe(true);
    expect(envelope.payloadType).toBe(type);
    expect(JSON.parse(payload.toString())).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
      predicateType: 'https://slsa.dev/verification_summary/v1',
      subject: [{ digest: { sha256: 'a'.repeat(64) } }],
      predicate: { verificationResult: 'PASSED', timeVerified: verified.at },
    });
  });

  it('in a registry has no key id, which cosign would take for one of its own, and stays signed', () => {
    const bundle = JSON.parse(bundleOf(envelope)) as { dsseEnvelope: Envelope };
    expect(bundle.dsseEnvelope.signatures.map(({ keyid }) => keyid)).toEqual(['']);
    expect(open(bundle.dsseEnvelope, [key])).toMatchObject({ predicateType });
  });

  it('is believed by an ECDSA key too, as KMS has them', async () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const signer: Signer = {
      publicKey: pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      sign: (data) => Promise.resolve(sign('sha256', data, pair.privateKey)),
    };
    const proof = await attest(verified, signer);
    expect(disbelief(proof, verified, [signer.publicKey])).toBeUndefined();
    expect(disbelief(proof, verified, [key])).toMatch(/by another key/);
  });

  it.each<[string, Parameters<typeof disbelief>, RegExp]>([
    ['is missing', [undefined, verified, [key]], /not signed/],
    ['is no envelope', [{} as never, verified, [key]], /changed after it was signed/],
    ['is checked with what is no key', [envelope, verified, ['b3RoZXI=']], /by another key/],
    ['was signed by another key', [envelope, verified, [other]], /by another key/],
    ['has nobody to trust', [envelope, verified, []], /by another key/],
    [
      'is of another release',
      [envelope, { ...verified, release: `sha256:${'b'.repeat(64)}` }, [key]],
      /slipway:slipway\/dev verified sha256:aaaaaaaaaaaa/,
    ],
    [
      'is of another stack',
      [envelope, { ...verified, stack: 'slipway/stage' }, [key]],
      /what was signed is that slipway:slipway\/dev/,
    ],
    [
      'is older than the receipt says',
      [envelope, { ...verified, at: '2026-12-02T10:00:00.000Z' }, [key]],
      /at 2026-12-01T10:00:00.000Z/,
    ],
    [
      'names another digest in the registry',
      [envelope, { ...verified, repoDigest: `sha256:${'c'.repeat(64)}` }, [key]],
      /its receipt was changed/,
    ],
  ])('is not believed where it %s', (_what, args, reason) => {
    expect(disbelief(...args)).toMatch(reason);
  });

  it('is not believed with any one byte changed', () => {
    const bytes = Buffer.from(envelope.payload, 'base64');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const forged = { ...envelope, payload: changed.toString('base64') };
      expect(disbelief(forged, verified, [key])).toMatch(/by another key|changed/);
    }
  });
});
