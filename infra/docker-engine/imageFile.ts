import { text } from 'node:stream/consumers';
import type Docker from 'dockerode';
import { extract } from 'tar-stream';
import { oneOffContainer } from './oneOffContainer.ts';

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
    const archive = await container.getArchive({ path });
    for await (const entry of archive.pipe(extract())) return await text(entry);
    return undefined;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  } finally {
    await container.remove({ force: true });
  }
}
