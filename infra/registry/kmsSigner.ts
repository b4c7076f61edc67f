import { GetPublicKeyCommand, KMSClient, SignCommand } from '@aws-sdk/client-kms';

/** A signer, as infra/receipt takes one. */
interface KmsSigner {
  publicKey: string;
  sign(data: Buffer): Promise<Buffer>;
}

export interface KmsKey {
  /** ARN of a key for signing, ECC_NIST_P256; only its region is asked. */
  arn: string;
  profile?: string | undefined;
  /** Another address of the API than AWS' own, for an emulator. */
  endpoint?: string | undefined;
}

/**
 * A key that never leaves KMS: whoever reads the stack's state cannot sign in its name.
 *
 * @throws Error when the key is not there, or is of another kind
 */
export async function kmsSigner({ arn, profile, endpoint }: KmsKey): Promise<KmsSigner> {
  const region = arn.split(':')[3] ?? '';
  const kms = new KMSClient({ region, ...(profile && { profile }), ...(endpoint && { endpoint }) });
  const { PublicKey, KeySpec } = await kms.send(new GetPublicKeyCommand({ KeyId: arn }));
  if (!PublicKey || KeySpec !== 'ECC_NIST_P256')
    throw new Error(`${arn} is a key of kind ${KeySpec ?? 'unknown'}, not ECC_NIST_P256.`);
  return {
    publicKey: Buffer.from(PublicKey).toString('base64'),
    async sign(data) {
      // KMS takes 4 KiB at most as they are; a statement is a quarter of that.
      const { Signature } = await kms.send(
        new SignCommand({
          KeyId: arn,
          Message: data,
          MessageType: 'RAW',
          SigningAlgorithm: 'ECDSA_SHA_256',
        }),
      );
      return Buffer.from(Signature ?? []);
    },
  };
}
