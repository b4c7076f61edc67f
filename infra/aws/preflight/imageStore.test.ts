import { BatchGetImageCommand, ECRClient } from '@aws-sdk/client-ecr';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { AwsConfig } from '../../config/config.ts';
import type { EngineApi } from '../../docker-engine/engineApi.ts';
import { EcrRegistry } from '../../registry/ecrRegistry.ts';
import { engineOrRegistry } from './imageStore.ts';

const ecr = mockClient(ECRClient);
const id = `sha256:${'a'.repeat(64)}`;
const pushed = { architecture: 'amd64', labels: { migrations: '[]' } };
const read = vi.spyOn(EcrRegistry.prototype, 'imageConfig');

const store = (engine: Partial<EngineApi>) =>
  engineOrRegistry(
    { reachable: true, host: 'unix:///docker.sock', ...engine } as EngineApi,
    { region: 'eu-central-1' } as AwsConfig,
    'slipway-prod/app',
  );
const none = { image: () => Promise.resolve(undefined) };
const inRepository = (configDigest: string) =>
  ecr.on(BatchGetImageCommand).resolves({
    images: [
      {
        imageId: { imageDigest: 'sha256:manifest' },
        imageManifest: JSON.stringify({ config: { digest: configDigest } }),
      },
    ],
  });
const named = (name: string) => Object.assign(new Error(`${name} happened`), { name });

beforeEach(() => {
  ecr.reset();
  read.mockReset().mockResolvedValue(pushed);
});

describe('an image that exists already', () => {
  it('is taken from the engine, and ECR is not asked', async () => {
    const local = { id, imageId: id, architecture: 'arm64', content: '', labels: {} };
    expect(await store({ image: () => Promise.resolve(local) }).image(id)).toBe(local);
    expect(ecr.calls()).toEqual([]);
  });

  it('is described by the stack’s own repository where the engine has none, once', async () => {
    inRepository(id);
    const images = store(none);
    expect(await images.image(id)).toEqual({ id, imageId: id, ...pushed });
    await images.image(id);
    expect(ecr.commandCalls(BatchGetImageCommand)).toHaveLength(1);
  });

  it('is described by the repository where there is no engine at all', async () => {
    inRepository(id);
    const noEngine = { image: () => Promise.reject(new Error('no Docker here')) };
    expect(await store(noEngine).image(id)).toMatchObject(pushed);
    ecr.on(BatchGetImageCommand).resolves({ images: [] });
    await expect(store(noEngine).image(id)).rejects.toThrow('no Docker here');
  });

  it('is not taken from the repository by another’s digest, nor where there is no repository', async () => {
    inRepository('sha256:other');
    expect(await store(none).image(id)).toBeUndefined();
    ecr.on(BatchGetImageCommand).rejects(named('RepositoryNotFoundException'));
    expect(await store(none).image(id)).toBeUndefined();
  });

  it('by a name, such as the base image, is the engine’s matter alone', async () => {
    expect(await store(none).image('node:24')).toBeUndefined();
    expect(ecr.calls()).toEqual([]);
  });

  it('that ECR does not show is a fault with the right that is missing', async () => {
    ecr.on(BatchGetImageCommand).rejects(named('AccessDeniedException'));
    await expect(store(none).image(id)).rejects.toThrow(/AccessDenied[^]*ecr:BatchGetImage/);
  });
});
