import type Docker from 'dockerode';
import { pack } from 'tar-stream';
import { expect, it } from 'vitest';
import { findImage, requireImage } from './imageIdentity.ts';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

interface Kept {
  /** The digest of its config. */
  config: string;
  /** The digest of its manifest; an engine with the classic store knows none. */
  manifest?: string;
  tags?: string[];
}

/** An engine with these images. Counts how often it was asked for an archive. */
function engine(images: Kept[]): { docker: Docker; archives: () => number } {
  let archives = 0;
  const idOf = ({ config, manifest }: Kept): string => manifest ?? config;
  const docker = {
    getImage(name: string) {
      const image = images.find((one) => idOf(one) === name || one.tags?.includes(name));
      return {
        inspect() {
          if (!image) return Promise.reject(Object.assign(new Error('none'), { statusCode: 404 }));
          const { manifest, tags = [] } = image;
          return Promise.resolve({
            Id: idOf(image),
            RepoTags: tags,
            ...(manifest && { Descriptor: { digest: manifest } }),
          });
        },
        get() {
          archives++;
          const archive = pack();
          archive.entry({ name: `blobs/sha256/${'f'.repeat(64)}` }, 'x'.repeat(100_000));
          const hex = image!.config.slice('sha256:'.length);
          archive.entry(
            { name: 'manifest.json' },
            JSON.stringify([{ Config: `blobs/sha256/${hex}` }]),
          );
          archive.entry({ name: 'oci-layout' }, '{}');
          archive.finalize();
          return Promise.resolve(archive);
        },
        tag({ repo, tag }: { repo: string; tag: string }) {
          (image!.tags ??= []).push(`${repo}:${tag}`);
          return Promise.resolve();
        },
      };
    },
    listImages: () =>
      Promise.resolve(images.map((image, Created) => ({ Id: idOf(image), Created }))),
  };
  return { docker: docker as unknown as Docker, archives: () => archives };
}

it('of the classic store an image is what the engine calls it', async () => {
  const { docker, archives } = engine([{ config: digest('a') }]);
  expect(await findImage(docker, digest('a'))).toEqual({
    engineId: digest('a'),
    imageId: digest('a'),
  });
  expect(archives()).toBe(0);
});

it('of containerd’s store an image is the digest of its config, read once', async () => {
  const { docker, archives } = engine([{ config: digest('a'), manifest: digest('b') }]);
  const image = { engineId: digest('b'), imageId: digest('a') };
  expect(await findImage(docker, digest('b'))).toEqual(image);
  expect(await findImage(docker, digest('b'))).toEqual(image);
  expect(await findImage(docker, digest('a'))).toEqual(image);
  expect(archives()).toBe(1);
});

it('an image that came from another store is found by its identity', async () => {
  const { docker } = engine([
    { config: digest('c'), manifest: digest('d') },
    { config: digest('a'), manifest: digest('b') },
  ]);
  expect(await findImage(docker, digest('c'))).toEqual({
    engineId: digest('d'),
    imageId: digest('c'),
  });
});

it('an image that is not there is not found', async () => {
  const { docker } = engine([{ config: digest('a'), manifest: digest('b') }]);
  expect(await findImage(docker, digest('e'))).toBeUndefined();
  await expect(requireImage(docker, digest('e'))).rejects.toThrow(`No such image: ${digest('e')}`);
});
