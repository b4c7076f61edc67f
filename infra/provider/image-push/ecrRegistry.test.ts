import { BatchGetImageCommand, ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { EcrRegistry } from './ecrRegistry.ts';

const ecr = mockClient(ECRClient);
const registry = new EcrRegistry(
  { repository: 'app', region: 'eu-central-1' },
  ecr as unknown as ECRClient,
);

beforeEach(() => void ecr.reset());

describe('a repository of ECR', () => {
  it('gives the login that Docker takes, also when the token has colons in it', async () => {
    const authorizationToken = Buffer.from('AWS:pass:word').toString('base64');
    ecr.on(GetAuthorizationTokenCommand).resolves({ authorizationData: [{ authorizationToken }] });
    expect(await registry.login()).toEqual({ username: 'AWS', password: 'pass:word' });
  });

  it('tells the digest of the manifest from that of the image', async () => {
    const imageManifest = JSON.stringify({ config: { digest: 'sha256:image' } });
    ecr
      .on(BatchGetImageCommand)
      .resolves({ images: [{ imageId: { imageDigest: 'sha256:manifest' }, imageManifest }] });
    expect(await registry.image('tag')).toEqual({
      repoDigest: 'sha256:manifest',
      configDigest: 'sha256:image',
    });
  });

  it('has no image under a tag that is not there', async () => {
    ecr
      .on(BatchGetImageCommand)
      .resolves({ images: [], failures: [{ failureCode: 'ImageNotFound' }] });
    expect(await registry.image('tag')).toBeUndefined();
  });

  it('says why it cannot read one', async () => {
    const failures = [{ failureCode: 'KmsError' as const, failureReason: 'the key is disabled' }];
    ecr.on(BatchGetImageCommand).resolves({ images: [], failures });
    await expect(registry.image('tag')).rejects.toThrow(
      'ECR cannot read app:tag: the key is disabled',
    );
  });
});
