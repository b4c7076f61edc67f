import {
  BatchDeleteImageCommand,
  BatchGetImageCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  ListImagesCommand,
  PutImageCommand,
} from '@aws-sdk/client-ecr';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { EcrRegistry } from './ecrRegistry.ts';

const ecr = mockClient(ECRClient);
const registry = new EcrRegistry({ repository: 'app', region: 'eu-central-1' });

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

  it('keeps what receipts name by a tag, with its proofs, and lets the others go', async () => {
    const tags = ['sha256-a', 'released-sha256-a', 'released-sha256-a-1', 'released-sha256-b-2'];
    ecr
      .on(ListImagesCommand)
      .resolves({ imageIds: [...tags, 'released-sha256-b'].map((imageTag) => ({ imageTag })) });
    await registry.keepReleased(['sha256:a']);
    const [call] = ecr.commandCalls(BatchDeleteImageCommand);
    expect(call?.args[0].input.imageIds).toEqual([
      { imageTag: 'released-sha256-b-2' },
      { imageTag: 'released-sha256-b' },
    ]);
  });

  it('lets nothing go where everything is named', async () => {
    ecr.on(ListImagesCommand).resolves({ imageIds: [{ imageTag: 'released-sha256-a' }] });
    await registry.keepReleased(['sha256:a']);
    expect(ecr.commandCalls(BatchDeleteImageCommand)).toEqual([]);
  });

  it('does not release what is not there, and says so', async () => {
    ecr.on(BatchGetImageCommand).resolves({ images: [] });
    const proof = { mediaType: 'x/y', content: '{}', annotations: {} };
    await expect(registry.publish('sha256:a', '1', proof)).rejects.toThrow(
      'sha256-a is not in app',
    );
    expect(ecr.commandCalls(PutImageCommand)).toEqual([]);
  });
});
