import { statfs } from 'node:fs/promises';
import { dockerHost } from '../../infra/docker-engine/host.ts';
import { dockerClient } from '../../infra/docker-engine/dockerClient.ts';
import { UserFault } from '../lib/fault.ts';

/** A build of the app image writes about this much. */
const neededMb = 600;

/**
 * Says no before a build that would end in "no space left on device" half-way.
 *
 * @throws UserFault when the disk that Docker writes to is almost full
 */
export async function requireDiskSpace(folder?: string): Promise<void> {
  const path = folder ?? (await dockerRoot());
  const free = path === undefined ? undefined : await freeMb(path);
  if (free === undefined || free >= neededMb) return;
  throw new UserFault(
    `The disk under ${path}, where Docker keeps its data, has ${free} MB free; a build needs about ${neededMb}.`,
    '`docker system df` shows what takes the room; `docker image prune` and `docker builder prune` free some.',
  );
}

async function dockerRoot(): Promise<string | undefined> {
  const { DockerRootDir } = (await dockerClient(dockerHost()).info()) as { DockerRootDir?: string };
  return DockerRootDir;
}

/**
 * @returns undefined when the folder is not on this machine: an engine elsewhere, or in a virtual
 * machine
 */
async function freeMb(path: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(path);
    return Math.floor((bavail * bsize) / 1024 / 1024);
  } catch {
    return undefined;
  }
}
