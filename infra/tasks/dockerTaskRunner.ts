import { createHash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { createInterface } from 'node:readline';
import type { Unwrap } from '@pulumi/pulumi';
import type Docker from 'dockerode';
import type { DockerTaskArgs } from '../release/migrationRun.ts';
import {
  stopReason,
  TaskError,
  tailLines,
  type TaskOptions,
  type TaskResult,
  type TaskRunner,
} from './taskRunner.ts';
import { dockerClient } from '../docker-engine/dockerClient.ts';
import { engineReason } from '../docker-engine/engineReason.ts';
import { requireImage } from '../docker-engine/imageIdentity.ts';
import { oneOffContainer } from '../docker-engine/oneOffContainer.ts';
import { unlessMissing } from '../docker-engine/unlessMissing.ts';

/** Label that says which run a task's container is: image and command. */
const taskLabel = 'dev.slipway.task';
/**
 * How long a task may take to stop in good order, seconds: it finishes or rolls back the file in
 * hand.
 */
const stopGraceSeconds = 15;

export interface DockerTaskRunnerArgs extends Omit<
  Unwrap<DockerTaskArgs>,
  'kind' | 'compatibility'
> {
  image: string;
}

type EndState = Pick<Docker.ContainerInspectInfo['State'], 'OOMKilled' | 'ExitCode' | 'Error'>;

/** Runs one-off tasks as containers of the app image, with the rights the services have. */
export class DockerTaskRunner implements TaskRunner {
  readonly #args: DockerTaskRunnerArgs;
  readonly #docker: Docker;

  constructor(args: DockerTaskRunnerArgs, docker: Docker = dockerClient(args.host)) {
    this.#args = args;
    this.#docker = docker;
  }

  async run(options: TaskOptions): Promise<TaskResult> {
    if (options.signal.aborted) throw new TaskError('cancelled before it started');
    const key = createHash('sha256')
      .update(JSON.stringify([this.#args.image, options.command]))
      .digest('hex')
      .slice(0, 16);
    const deadline = Date.now() + options.timeoutMs;
    const left = await this.#leftOver(key, options, deadline);
    const container = left ?? (await this.#start(key, options.command));
    if (left) options.onLine('taking up the task that an earlier update left running');
    try {
      return { ...(await this.#follow(container, options, deadline)), adopted: left !== undefined };
    } finally {
      await container.remove({ force: true, v: true }).catch(() => undefined);
    }
  }

  /**
   * The running task of an earlier, killed update: the same one is taken up, another one is waited
   * for.
   */
  async #leftOver(
    key: string,
    options: TaskOptions,
    deadline: number,
  ): Promise<Docker.Container | undefined> {
    const label = Object.entries(this.#args.labels).map(([name, value]) => `${name}=${value}`);
    const found = await this.#docker.listContainers({ all: true, filters: { label } });
    let same: Docker.Container | undefined;
    for (const info of found) {
      const container = this.#docker.getContainer(info.Id);
      const running = info.State === 'running';
      if (running && info.Labels[taskLabel] === key) {
        same = container;
        continue;
      }
      if (running) {
        options.onLine('another migration task is still running; waiting for it');
        await this.#follow(
          container,
          { ...options, onLine: (line) => options.onLine(`(earlier task) ${line}`) },
          deadline,
        );
      }
      await container.remove({ force: true, v: true }).catch(() => undefined);
    }
    return same;
  }

  async #start(key: string, command: string[]): Promise<Docker.Container> {
    const args = this.#args;
    let container: Docker.Container | undefined;
    try {
      const { engineId } = await requireImage(this.#docker, args.image);
      container = await this.#docker.createContainer(
        oneOffContainer({
          image: engineId,
          command,
          envs: args.envs,
          user: '1000:1000',
          labels: { ...args.labels, [taskLabel]: key },
          memoryMb: args.memoryMb,
          network: { name: args.network },
        }),
      );
      await container.start();
      return container;
    } catch (error) {
      await container?.remove({ force: true, v: true }).catch(() => undefined);
      throw new TaskError(`it could not start: ${engineReason(error)}`, [], { cause: error });
    }
  }

  async #follow(
    container: Docker.Container,
    options: TaskOptions,
    deadline: number,
  ): Promise<Omit<TaskResult, 'adopted'>> {
    const tail: string[] = [];
    const lines = await this.#lines(container, (line) => {
      tail.push(line);
      if (tail.length > tailLines) tail.shift();
      options.onLine(line);
    });
    let stopped: string | undefined;
    const stop = () => {
      stopped ??= stopReason(options);
      // SIGTERM first: the runner finishes or rolls back its file. A hard stop follows when it does
      // not.
      void container.stop({ t: stopGraceSeconds }).catch(() => undefined);
    };
    options.signal.addEventListener('abort', stop);
    const timer = setTimeout(stop, Math.max(0, deadline - Date.now()));
    try {
      if (options.signal.aborted) stop();
      const { StatusCode } = (await container.wait()) as { StatusCode: number };
      await lines.done;
      if (stopped) throw new TaskError(stopped, tail);
      return { ...this.#end(await stateOf(container, StatusCode)), tail };
    } finally {
      clearTimeout(timer);
      options.signal.removeEventListener('abort', stop);
    }
  }

  /** A process that was killed has no exit code of its own: 137 is Docker's word for that. */
  #end({ OOMKilled, ExitCode, Error: error }: EndState): Pick<TaskResult, 'exitCode' | 'reason'> {
    const killed = ExitCode === 137;
    const plain = killed ? 'killed' : error;
    const reason = OOMKilled ? `out of memory (its limit is ${this.#args.memoryMb} MiB)` : plain;
    return { exitCode: killed ? undefined : ExitCode, ...(reason && { reason }) };
  }

  /** Follows the container's output, from its start; `done` ends with the output. */
  async #lines(
    container: Docker.Container,
    onLine: (line: string) => void,
  ): Promise<{ done: Promise<void> }> {
    const stream = await container.logs({ follow: true, stdout: true, stderr: true });
    const output = new PassThrough();
    this.#docker.modem.demuxStream(stream, output, output);
    stream.on('end', () => output.end());
    stream.on('error', () => output.end());
    const done = (async () => {
      for await (const line of createInterface({ input: output })) onLine(line);
    })();
    return { done };
  }
}

/**
 * How a container ended. One that is gone a moment later, by a prune or by another that waited for
 * it, has still told its exit code.
 */
async function stateOf(container: Docker.Container, exitCode: number): Promise<EndState> {
  const found = await unlessMissing(container.inspect());
  return found?.State ?? { OOMKilled: false, ExitCode: exitCode, Error: '' };
}
