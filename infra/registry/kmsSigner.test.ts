import { generateKeyPairSync, sign } from 'node:crypto';
import { GetPublicKeyCommand, KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { attest, disbelief } from '../receipt/verification.ts';
import { kmsSigner } from './kmsSigner.ts';

const kms = mockClient(KMSClient);
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const der = publicKey.export({ format: 'der', type: 'spki' });
const arn = 'arn:aws:kms:eu-central-1:123456789012:key/1';

beforeEach(() => {
  kms.reset();
  kms.on(GetPublicKeyCommand).resolves({ PublicKey: der, KeySpec: 'ECC_NIST_P256' });
  kms
    .on(SignCommand)
    .callsFake(({ Message, MessageType, SigningAlgorithm }: Record<string, unknown>) => {
      expect([MessageType, SigningAlgorithm]).toEqual(['RAW', 'ECDSA_SHA_256']);
      return { Signature: sign('sha256', Message as Buffer, privateKey) };
    });
});

describe('a key in KMS', () => {
  it('signs what its public half believes', async () => {
    const signer = await kmsSigner({ arn });
    const verified = { stack: 'slipway/prod', release: `sha256:${'a'.repeat(64)}`, at: 'now' };
    const proof = await attest(verified, signer);
    expect(disbelief(proof, verified, [der.toString('base64')])).toBeUndefined();
  });

  it('of another kind is refused by its name', async () => {
    kms.on(GetPublicKeyCommand).resolves({ PublicKey: der, KeySpec: 'RSA_2048' });
    await expect(kmsSigner({ arn })).rejects.toThrow('is a key of kind RSA_2048');
  });
});
