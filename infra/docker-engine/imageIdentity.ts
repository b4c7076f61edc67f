import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type Docker from 'dockerode';
import { archiveEntries } from './archiveEntries.ts';
import { unlessMissing } from './unlessMissing.ts';

/** An image that the engine has: what it calls it, and the identity that is the same everywhere. */
export interface LocalImage {
  /** The engine's name for it: the config's digest, or a manifest's in containerd's store. */
  engineId: string;
  /** The config's digest. A registry tells it as well, and so does every engine that has the image. */
  imageId: string;
}

/** The part of `GET /images/<name>/json` that tells the two kinds of store apart. */
interface Inspected {
  Id: string;
  RepoTags?: string[] | null;
  /** Containerd's store alone says what its id is the digest of. */
  Descriptor?: { digest: string };
}

const repository = 'slipway-image';
/** A name by which an image is found by its identity, in a store that calls it something else. */
const identityTag = (imageId: string): string => imageId.replace(':', '-');

/**
 * Finds an image by its identity, or by whatever the engine calls it.
 *
 * @returns undefined when the engine does not have it
 */
export async function findImage(docker: Docker, image: string): Promise<LocalImage | undefined> {
  const direct = await inspect(docker, image);
  if (direct) return { engineId: direct.Id, imageId: await identityOf(docker, direct) };
  if (!image.startsWith('sha256:')) return undefined;
  const tagged = await inspect(docker, `${repository}:${identityTag(image)}`);
  if (tagged) return { engineId: tagged.Id, imageId: image };
  // It may have come from another engine, by `docker save` and `docker load`.
  const ours = await docker.listImages({ filters: { label: [appImageLabel] } });
  for (const { Id } of ours.sort((a, b) => b.Created - a.Created)) {
    const found = await inspect(docker, Id);
    if (found && (await identityOf(docker, found)) === image)
      return { engineId: Id, imageId: image };
  }
  return undefined;
}

/** On every image that this project builds. */
const appImageLabel = 'dev.slipway.migrations';

/** The same, for an image that has to be there. */
export async function requireImage(docker: Docker, image: string): Promise<LocalImage> {
  const found = await findImage(docker, image);
  if (!found) throw new Error(`No such image: ${image}`);
  return found;
}

async function inspect(docker: Docker, image: string): Promise<Inspected | undefined> {
  return unlessMissing(docker.getImage(image).inspect());
}

/** Reading it takes a second or two, once: the name that it is given then tells it. */
async function identityOf(
  docker: Docker,
  { Id, RepoTags, Descriptor }: Inspected,
): Promise<string> {
  if (Descriptor?.digest !== Id) return Id;
  const prefix = `${repository}:sha256-`;
  const known = RepoTags?.find((name) => name.startsWith(prefix));
  if (known) return `sha256:${known.slice(prefix.length)}`;
  const imageId = await readConfigDigest(docker, Id);
  await docker.getImage(Id).tag({ repo: repository, tag: identityTag(imageId) });
  return imageId;
}

/** The engine tells the config's digest only in the archive of an image. */
async function readConfigDigest(docker: Docker, engineId: string): Promise<string> {
  const source = (await docker.getImage(engineId).get()) as Readable;
  for await (const entry of archiveEntries(source)) {
    if (entry.header.name === 'manifest.json') return configDigest(await buffer(entry));
    entry.resume();
  }
  throw new Error(`The archive of the image ${engineId} does not name its configuration.`);
}

/** Its first image, as `blobs/sha256/<hex>` or `<hex>.json`. */
function configDigest(manifest: Buffer): string {
  const [image] = JSON.parse(manifest.toString()) as { Config: string }[];
  const hex = /[0-9a-f]{64}/.exec(image?.Config ?? '')?.[0];
  if (hex === undefined) throw new Error('The archive of an image names no configuration.');
  return `sha256:${hex}`;
}
