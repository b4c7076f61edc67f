import { describe, expect, it } from 'vitest';
import type { EngineLog } from '../protocol/engineLog.ts';
import type { RegistryImage } from '../../registry/ecrRegistry.ts';
import { imageTag } from '../../registry/imageTag.ts';
import { ImagePushHandler, type PushTools } from './imagePushHandler.ts';

const image = `sha256:${'a'.repeat(64)}`;
const repoDigest = `sha256:${'b'.repeat(64)}`;
const inputs = {
  image,
  dockerHost: 'unix:///var/run/docker.sock',
  registry: { repository: 'app', host: '127.0.0.1:4566', region: 'eu-central-1' },
};
const { signal } = new AbortController();

/** A registry in memory, and an engine that pushes into it. */
function setUp(
  options: {
    there?: Record<string, RegistryImage>;
    pushed?: RegistryImage;
    fault?: string;
    sbom?: string;
  } = {},
) {
  const there = new Map(Object.entries(options.there ?? {}));
  const pushes: string[] = [];
  const lines: string[] = [];
  const published: string[][] = [];
  const tools: PushTools = {
    registry: () =>
      Promise.resolve({
        login: () => Promise.resolve({ username: 'AWS', password: 'token-of-the-registry' }),
        image: (tag) => Promise.resolve(there.get(tag)),
        publishSbom: (of, sbom) =>
          sbom === 'refused'
            ? Promise.reject(new Error('denied'))
            : Promise.resolve(void published.push([of, sbom])),
      }),
    sbom: () => Promise.resolve(options.sbom),
    push: (_host, { repository, tag }) => {
      if (options.fault) return Promise.reject(new Error(options.fault));
      pushes.push(`${repository}:${tag}`);
      there.set(tag, options.pushed ?? { repoDigest, configDigest: image });
      return Promise.resolve();
    },
  };
  const log = {
    line: (_urn: string, line: string) => Promise.resolve(void lines.push(line)),
  } as unknown as EngineLog;
  return { handler: new ImagePushHandler(log, tools), pushes, lines, published };
}

describe('pushing an image', () => {
  it('pushes it under a tag of its own, and names it by the digest in the registry', async () => {
    const { handler, pushes } = setUp();
    const outs: unknown = (await handler.create('urn', inputs, signal)).outs;
    expect(pushes).toEqual([`127.0.0.1:4566/app:${imageTag(image)}`]);
    expect(outs).toMatchObject({ repoDigest, reference: `127.0.0.1:4566/app@${repoDigest}` });
  });

  it('does not push again what is there: an immutable tag refuses even the same image', async () => {
    const { handler, pushes } = setUp({
      there: { [imageTag(image)]: { repoDigest, configDigest: image } },
    });
    const outs: unknown = (await handler.create('urn', inputs, signal)).outs;
    expect(pushes).toEqual([]);
    expect(outs).toMatchObject({ repoDigest });
  });

  it('puts the list of its packages beside it; where that fails, the image is there all the same', async () => {
    const listed = setUp({ sbom: '{}' });
    await listed.handler.create('urn', inputs, signal);
    expect(listed.published).toEqual([[image, '{}']]);
    const refused = setUp({ sbom: 'refused' });
    const outs: unknown = (await refused.handler.create('urn', inputs, signal)).outs;
    expect(outs).toMatchObject({ repoDigest });
    expect(refused.lines).toContain('The list of its packages is not beside it: denied');
    const none = setUp();
    await none.handler.create('urn', inputs, signal);
    expect(none.published).toEqual([]);
  });

  it('refuses an image that is another one when it is read back', async () => {
    const { handler } = setUp({ pushed: { repoDigest, configDigest: `sha256:${'c'.repeat(64)}` } });
    await expect(handler.create('urn', inputs, signal)).rejects.toThrow(
      /read back, tag .* is sha256:ccc/,
    );
  });

  it('refuses a list of platforms, which has no image id', async () => {
    const { handler } = setUp({ pushed: { repoDigest, configDigest: '' } });
    await expect(handler.create('urn', inputs, signal)).rejects.toThrow(/is a list of images/);
  });

  it('says why the registry refused it, and that nothing was touched', async () => {
    const { handler } = setUp({ fault: 'denied: no basic auth credentials' });
    await expect(handler.create('urn', inputs, signal)).rejects.toThrow(
      /did not get into 127\.0\.0\.1:4566\/app: denied[^]*Nothing that serves was touched/,
    );
  });

  it('keeps the login out of state and log', async () => {
    const { handler, lines } = setUp();
    const result = await handler.create('urn', inputs, signal);
    expect(JSON.stringify([result, lines])).not.toContain('token-of-the-registry');
  });

  it('is another push for another image or repository, not for another engine', async () => {
    const { handler } = setUp();
    const changes = async (news: unknown) => (await handler.diff('urn', inputs, news)).changes;
    expect(await changes(inputs)).toBe(false);
    expect(await changes({ ...inputs, dockerHost: 'tcp://127.0.0.1:2375' })).toBe(false);
    expect(await changes({ ...inputs, image: 'sha256:2' })).toBe(true);
    expect(
      await changes({ ...inputs, registry: { ...inputs.registry, repository: 'other' } }),
    ).toBe(true);
  });
});
