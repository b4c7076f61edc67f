import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { dockerHost } from '../../../infra/docker-engine/host.ts';
import { logText } from '../../../infra/docker-engine/logLines.ts';
import { lastLines } from '../../lib/exec.ts';
import { messageOf, UserFault } from '../../lib/fault.ts';
import { unlessMissing } from '../../../infra/docker-engine/unlessMissing.ts';
import {
  emulatorEndpoint,
  emulatorPort as port,
  emulatorRegion,
} from '../../pulumi/emulatorGuard.ts';
import { emulatorImage } from './images.ts';

/**
 * One per machine: its name is its address for what it starts, and its port is fixed into what is
 * pushed to its registry.
 */
const emulatorName = 'slipway-emulator';

/** The first port on this machine that the emulator publishes a database at. */
const databasePort = 25432;
/**
 * The volumes of its databases, which stay when a database is deleted, and have no labels; only
 * this project's.
 */
const databaseVolume = /^ministack-rds-\w+-instance-slipway-.+-data$/;
const readyLimitMs = 60_000;
/** On the emulator's own container and network. */
const ownLabel = 'dev.slipway.emulator';
/** The label that the emulator puts on each container that it starts. */
const startedBy = `ministack.instance=${emulatorName}:${port}`;

export interface EmulatorState {
  /** Whether it runs, of the image this checkout asks for. */
  up: boolean;
  /** One line for a person. */
  found: string;
  /** Containers that it has started: tasks, databases, caches. */
  started: Docker.ContainerInfo[];
}

export async function emulatorState(docker: Docker): Promise<EmulatorState> {
  const [own] = await ownContainers(docker);
  const started = await startedContainers(docker);
  const left = started.length > 0 ? `, ${started.length} containers started by it` : '';
  if (!own) return { up: false, found: `not running${left}`, started };
  if (own.State !== 'running')
    return { up: false, found: `stopped (${own.Status})${left}`, started };
  if (own.Image !== emulatorImage)
    return { up: false, found: `running ${own.Image}, not ${emulatorImage}${left}`, started };
  return {
    up: true,
    found: `${emulatorImage} at ${emulatorEndpoint}, ${own.Status}${left}`,
    started,
  };
}

/** The id of the emulator's container; another one knows nothing of what the last one held. */
export async function emulatorInstance(docker: Docker): Promise<string | undefined> {
  return (await ownContainers(docker))[0]?.Id;
}

/**
 * Starts the emulator, unless it runs already. What it held is in its memory alone: one that has
 * stopped is removed with everything it started, and begins anew.
 *
 * @returns whether it had to be started
 * @throws UserFault when it does not get ready, or its port is taken
 */
export async function startEmulator(
  docker: Docker,
  socket: string = socketPath(),
): Promise<boolean> {
  if ((await emulatorState(docker)).up) {
    await ready(docker);
    return false;
  }
  await removeEmulator(docker);
  await docker.createNetwork({ Name: emulatorName, Labels: { [ownLabel]: 'network' } });
  const container = await docker.createContainer({
    name: emulatorName,
    Hostname: emulatorName,
    Image: emulatorImage,
    Labels: { [ownLabel]: 'emulator' },
    Env: [
      `DOCKER_NETWORK=${emulatorName}`,
      `GATEWAY_PORT=${port}`,
      // Requests through a load balancer's path name no region.
      `MINISTACK_REGION=${emulatorRegion}`,
      // Its own default is the port of a dev stack's Postgres; a database whose port is taken gets
      // an address that leads nowhere.
      `RDS_BASE_PORT=${databasePort}`,
    ],
    ExposedPorts: { [`${port}/tcp`]: {} },
    HostConfig: {
      NetworkMode: emulatorName,
      Binds: [`${socket}:/var/run/docker.sock`],
      PortBindings: { [`${port}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: String(port) }] },
    },
  });
  try {
    await container.start();
  } catch (error) {
    await removeEmulator(docker);
    if (!/port is already allocated|address already in use/.test(messageOf(error))) throw error;
    throw new UserFault(
      `Port ${port} on 127.0.0.1 is taken by another program, so the emulator cannot listen there.`,
      `Stop it (\`ss -ltnp 'sport = :${port}'\` shows which it is), then \`make emulator-up\` again.`,
      { cause: error },
    );
  }
  await ready(docker);
  return true;
}

async function ready(docker: Docker): Promise<void> {
  let last = 'no answer';
  for (const end = Date.now() + readyLimitMs; Date.now() < end; await sleep(250)) {
    try {
      const answer = await fetch(`${emulatorEndpoint}/_ministack/ready`, {
        signal: AbortSignal.timeout(2000),
      });
      last = `${answer.status} ${(await answer.text()).slice(0, 200)}`;
      if (answer.ok) return;
    } catch (error) {
      last = messageOf((error as Error).cause ?? error);
    }
    const [own] = await ownContainers(docker);
    if (own?.State !== 'running') break;
  }
  const [own] = await ownContainers(docker);
  const raw =
    own && (await docker.getContainer(own.Id).logs({ stdout: true, stderr: true, tail: 20 }));
  throw new UserFault(
    `The emulator did not get ready (last: ${last}). Its last lines:\n${raw ? lastLines(logText(raw), 20) : 'none'}`,
    '`make emulator-down`, then `make emulator-up` again.',
  );
}

/**
 * Removes the emulator, everything it started, with their anonymous volumes, and its network;
 * nothing else.
 *
 * @returns the names of what was removed
 */
export async function removeEmulator(docker: Docker): Promise<string[]> {
  const removed: string[] = [];
  // The emulator first, so that it starts no task anew while its tasks go.
  for (const find of [ownContainers, startedContainers]) {
    for (const { Id, Names } of await find(docker)) {
      await unlessMissing(docker.getContainer(Id).remove({ force: true, v: true }));
      removed.push((Names[0] ?? Id).replace(/^\//, ''));
    }
  }
  for (const { Name } of (await docker.listVolumes()).Volumes.filter(({ Name: name }) =>
    databaseVolume.test(name),
  )) {
    await unlessMissing(docker.getVolume(Name).remove());
    removed.push(`volume ${Name}`);
  }
  for (const { Id, Name } of await docker.listNetworks({ filters: { label: [ownLabel] } })) {
    await unlessMissing(docker.getNetwork(Id).remove());
    removed.push(`network ${Name}`);
  }
  return removed;
}

/**
 * Removes the engine's names of images that were pushed to the emulator's registry; the images stay
 * under their other names.
 */
export async function removePushedImages(docker: Docker): Promise<string[]> {
  const registry = `${new URL(emulatorEndpoint).host}/`;
  const removed: string[] = [];
  for (const { RepoTags, RepoDigests } of await docker.listImages()) {
    for (const name of [...(RepoTags ?? []), ...(RepoDigests ?? [])].filter((own) =>
      own.startsWith(registry),
    )) {
      await unlessMissing(docker.getImage(name).remove());
      removed.push(name);
    }
  }
  return removed;
}

/** Removes the containers of tasks that have ended: the emulator keeps them for a while. */
export async function removeEndedTasks(docker: Docker): Promise<void> {
  for (const { Id, State } of await startedContainers(docker)) {
    if (State === 'exited')
      await unlessMissing(docker.getContainer(Id).remove({ force: true, v: true }));
  }
}

function ownContainers(docker: Docker): Promise<Docker.ContainerInfo[]> {
  return docker.listContainers({ all: true, filters: { label: [ownLabel] } });
}

function startedContainers(docker: Docker): Promise<Docker.ContainerInfo[]> {
  return docker.listContainers({ all: true, filters: { label: [startedBy] } });
}

/** The engine's socket on this machine: the emulator starts containers through it. */
function socketPath(host: string = dockerHost()): string {
  const url = new URL(host);
  if (url.protocol === 'unix:') return url.pathname;
  throw new UserFault(
    `The emulator needs the Docker engine's socket on this machine, and DOCKER_HOST is ${host}.`,
    'Point DOCKER_HOST at a local engine (unix:///var/run/docker.sock), then `make emulator-up` again.',
  );
}
