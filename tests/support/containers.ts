import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { dockerHost } from '../../infra/docker-engine/host.ts';
import { labelKeys } from '../../infra/docker-engine/labels.ts';

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
  options: { env?: string[]; command?: string[] } = {},
): Promise<TestContainer> {
  const docker = dockerClient();
  await removeOrphans(docker);
  const hostPort = await freePort();
  const container = await docker
    .createContainer({
      Image: image,
      Env: options.env ?? [],
      ...(options.command && { Cmd: options.command }),
      Labels: { [labelKeys.role]: 'test', [ownerLabel]: String(process.pid) },
      ExposedPorts: { [`${port}/tcp`]: {} },
      HostConfig: {
        PortBindings: { [`${port}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: String(hostPort) }] },
      },
    })
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

function dockerClient(): Docker {
  const host = dockerHost();
  return host.startsWith('unix://')
    ? new Docker({ socketPath: host.slice('unix://'.length) })
    : new Docker();
}

/** What a killed test run left behind. */
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

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
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
