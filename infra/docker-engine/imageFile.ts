import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type Docker from 'dockerode';
import { archiveEntries } from './archiveEntries.ts';
import { oneOffContainer } from './oneOffContainer.ts';
import { unlessMissing } from './unlessMissing.ts';

/**
 * Reads one file of an image, without running it.
 *
 * @param image what the engine calls it
 * @param path such as `/app/main.js`
 * @returns undefined when the image has no such file
 */
export async function imageFile(
  docker: Docker,
  image: string,
  path: string,
): Promise<string | undefined> {
  const container = await docker.createContainer(
    oneOffContainer({ image, envs: [], labels: {}, memoryMb: 64 }),
  );
  try {
    const archive = (await unlessMissing(container.getArchive({ path }))) as Readable | undefined;
    if (!archive) return undefined;
    for await (const entry of archiveEntries(archive)) return await text(entry);
    return undefined;
  } finally {
    await container.remove({ force: true });
  }
}
