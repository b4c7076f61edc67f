import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { TaskError } from '../../tasks/taskRunner.ts';
import { engineReason } from '../../docker-engine/engineReason.ts';
import { oneOffContainer, type OneOffContainerArgs } from '../../docker-engine/oneOffContainer.ts';

/** Label with the number of one run; each thing of the run carries it. */
const runLabel = 'dev.slipway.scratch';

type ScratchContainer = Omit<OneOffContainerArgs, 'name' | 'labels' | 'network' | 'port'>;

/**
 * A network of its own without a way out, and containers on it, for as long as something is tried.
 * Everything carries the stack's labels, so that the next run and `make destroy` find the rest of a
 * killed run.
 */
export class Scratch {
  readonly network: string;
  /** Everything of this run carries them. */
  readonly labels: Record<string, string>;
  readonly #docker: Docker;

  private constructor(docker: Docker, labels: Record<string, string>, network: string) {
    this.#docker = docker;
    this.labels = labels;
    this.network = network;
  }

  /** Removes what earlier runs with these labels have left, then makes the network. */
  static async open(
    docker: Docker,
    labels: Record<string, string>,
    name: string,
  ): Promise<Scratch> {
    await removeLabelled(docker, labels);
    const run = randomBytes(4).toString('hex');
    const scratch = new Scratch(docker, { ...labels, [runLabel]: run }, `${name}-${run}`);
    try {
      await docker.createNetwork({
        Name: scratch.network,
        Internal: true,
        Labels: scratch.labels,
      });
    } catch (error) {
      throw new TaskError(`a network for the copy could not be made: ${engineReason(error)}`, [], {
        cause: error,
      });
    }
    return scratch;
  }

  /** Labels that no other task has: a runner of one-off tasks takes it for no other's. */
  taskLabels(): Record<string, string> {
    return { ...this.labels, [`${runLabel}-task`]: randomBytes(4).toString('hex') };
  }

  /**
   * @param alias its name on the network
   * @throws TaskError when it does not start
   */
  async start(alias: string, args: ScratchContainer): Promise<Docker.Container> {
    try {
      const container = await this.#docker.createContainer(
        oneOffContainer({
          ...args,
          name: this.containerName(alias),
          labels: this.labels,
          network: { name: this.network, alias },
        }),
      );
      await container.start();
      return container;
    } catch (error) {
      throw new TaskError(`${alias} could not start: ${engineReason(error)}`, [], { cause: error });
    }
  }

  containerName(alias: string): string {
    return `${this.network}-${alias}`;
  }

  /** Removes all of this run. Safe to call twice. */
  async remove(): Promise<void> {
    await removeLabelled(this.#docker, this.labels);
  }
}

/**
 * Until nothing is there any more: another call may be at it, or something may only just have
 * started.
 */
async function removeLabelled(docker: Docker, labels: Record<string, string>): Promise<void> {
  const filters = { label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) };
  let last: unknown;
  const attempt = async (work: Promise<unknown>): Promise<void> => {
    await work.catch((error: unknown) => (last = error));
  };
  for (let attempts = 0; attempts < 50; attempts++) {
    const containers = await docker.listContainers({ all: true, filters });
    await Promise.all(
      containers.map(({ Id }) => attempt(docker.getContainer(Id).remove({ force: true, v: true }))),
    );
    const networks = await docker.listNetworks({ filters });
    await Promise.all(networks.map(({ Id }) => attempt(docker.getNetwork(Id).remove())));
    if (containers.length + networks.length === 0) return;
    if (attempts > 0) await sleep(200);
  }
  throw new TaskError(
    `what was started for the copy could not be removed: ${engineReason(last)}`,
    [],
    { cause: last },
  );
}
