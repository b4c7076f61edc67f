import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type Docker from 'dockerode';
import { extract } from 'tar-stream';
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
    const files = archive.pipe(extract());
    archive.once('error', (error) => files.destroy(error));
    try {
      for await (const entry of files) return await text(entry);
      return undefined;
    } finally {
      // Not read to its end, its connection would keep the process from ending for minutes.
      archive.destroy();
    }
  } finally {
    await container.remove({ force: true });
  }
}
