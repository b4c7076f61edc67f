import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { dockerClient } from '../../infra/docker-engine/dockerClient.ts';
import { dockerHost } from '../../infra/docker-engine/host.ts';
import { labelKeys } from '../../infra/docker-engine/labels.ts';
import {
  oneOffContainer,
  type OneOffContainerArgs,
} from '../../infra/docker-engine/oneOffContainer.ts';
import { isAlive } from '../../toolchain/lib/isAlive.ts';

/**
 * The process that started a test container. When it is gone, whoever comes next removes the
 * container.
 */
const ownerLabel = 'dev.slipway.test-owner';

export interface TestContainer {
  container: Docker.Container;
  /** The host port on 127.0.0.1. It stays the same over a restart. */
  port: number;
  remove(): Promise<void>;
}

/** Starts a throw-away container with one port on a free loopback port. */
export async function startContainer(
  image: string,
  port: number,
  options: Partial<OneOffContainerArgs> = {},
): Promise<TestContainer> {
  const docker = dockerClient(dockerHost());
  await removeOrphans(docker);
  const hostPort = await freePort();
  const container = await docker
    .createContainer(
      oneOffContainer({
        envs: [],
        memoryMb: 1024,
        ...options,
        image,
        labels: { [labelKeys.role]: 'test', [ownerLabel]: String(process.pid) },
        port: { container: port, host: hostPort },
      }),
    )
    .catch((error: Error) => {
      throw new Error(
        `Cannot create a container of ${image}: ${error.message}. \`make up\` provides the base images.`,
        { cause: error },
      );
    });
  await container.start();
  return { container, port: hostPort, remove: () => container.remove({ force: true, v: true }) };
}

/** Tries `probe` until it does not throw any more. */
export async function eventually<T>(probe: () => Promise<T>, timeoutMs = 30_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await probe();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}

/** Leftovers of a killed test run. */
async function removeOrphans(docker: Docker): Promise<void> {
  const left = await docker.listContainers({
    all: true,
    filters: { label: [`${labelKeys.role}=test`, ownerLabel] },
  });
  const orphans = left.filter(({ Labels }) => !isAlive(Number(Labels[ownerLabel])));
  await Promise.all(
    orphans.map(({ Id }) =>
      docker
        .getContainer(Id)
        .remove({ force: true, v: true })
        .catch(() => {}),
    ),
  );
}

/** Docker would choose one by itself, but then another one after each restart. */
async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
