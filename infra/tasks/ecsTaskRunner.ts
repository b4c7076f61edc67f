import type { ContainerDefinition, Task } from '@aws-sdk/client-ecs';
import type { Unwrap } from '@pulumi/pulumi';
import { awsClients, type AwsClients } from '../ecs/awsClients.ts';
import { pollPause, systemClock, type Clock } from '../ecs/clock.ts';
import { taskEnd } from '../ecs/stoppedTask.ts';
import { logStream, TaskLog } from '../ecs/taskLog.ts';
import type { EcsTaskArgs } from '../release/migrationRun.ts';
import { EcsTasks, hash, shortArn } from './ecsTasks.ts';
import {
  stopReason,
  TaskError,
  tailLines,
  type TaskOptions,
  type TaskResult,
  type TaskRunner,
} from './taskRunner.ts';

/** Tag that says which run a task is: image, files, database, task definition and command. */
const taskTag = 'dev.slipway.task';
/** Fargate's longest stopTimeout, 120 s, and some time to take the task down. */
const stopPatienceMs = 180_000;

export interface EcsTaskRunnerArgs extends Omit<Unwrap<EcsTaskArgs>, 'kind'> {
  /**
   * Two runs are the same one when this, the task definition and the command are equal: the image,
   * its files, the database.
   */
  identity: unknown;
}

/**
 * Runs one-off tasks of the app image on ECS, with the rights and the network the services have.
 */
export class EcsTaskRunner implements TaskRunner {
  readonly #args: EcsTaskRunnerArgs;
  readonly #logs: AwsClients['logs'];
  readonly #tasks: EcsTasks;
  readonly #clock: Clock;

  constructor(
    args: EcsTaskRunnerArgs,
    clients: AwsClients = awsClients(args),
    clock: Clock = systemClock,
  ) {
    this.#args = args;
    this.#logs = clients.logs;
    this.#tasks = new EcsTasks(args, clients.ecs, clock);
    this.#clock = clock;
  }

  async run(options: TaskOptions): Promise<TaskResult> {
    const { signal, command, onLine } = options;
    if (signal.aborted) throw new TaskError('cancelled before it started');
    const deadline = this.#clock.now() + options.timeoutMs;
    const definition = await this.#tasks.containerDefinition(signal);
    const follow = (task: Task, own: TaskOptions) => this.#follow(task, definition, own, deadline);
    const key = hash([this.#args.identity, this.#args.taskDefinition, command]);
    const left = await this.#leftOver(key, options, follow);
    if (left) onLine('taking up the task that an earlier update left running');
    const task = left ?? (await this.#start(key, options));
    return { ...(await follow(task, options)), adopted: left !== undefined };
  }

  /**
   * The running task of an earlier, killed update: the same one is taken up, any other is waited
   * for.
   */
  async #leftOver(
    key: string,
    options: TaskOptions,
    follow: (task: Task, options: TaskOptions) => Promise<unknown>,
  ): Promise<Task | undefined> {
    const alive = await this.#tasks.alive(options.signal);
    // A task that is being stopped already will not do the whole work.
    const isSame = (task: Task) =>
      task.desiredStatus !== 'STOPPED' &&
      task.tags?.some(({ key: k, value }) => k === taskTag && value === key);
    const same = alive.find(isSame);
    for (const task of alive) {
      if (task === same) continue;
      options.onLine(
        `another migration task is still running (${shortArn(task.taskArn)}); waiting for it`,
      );
      const onLine = (line: string) => options.onLine(`(earlier task) ${line}`);
      await follow(task, { ...options, onLine });
    }
    return same;
  }

  async #start(key: string, { command, signal, onLine }: TaskOptions): Promise<Task> {
    if (signal.aborted) throw new TaskError('cancelled before it started');
    const task = await this.#tasks.start(command, { [taskTag]: key });
    onLine(`ECS starts the task ${shortArn(task.taskArn)}`);
    return task;
  }

  /** Watches a task until it has ended; a quick one never shows RUNNING. */
  async #follow(
    started: Task,
    definition: ContainerDefinition,
    options: TaskOptions,
    deadline: number,
  ): Promise<Omit<TaskResult, 'adopted'>> {
    const clock = this.#clock;
    const { signal, onLine } = options;
    const arn = started.taskArn ?? '';
    const at = logStream(definition, arn);
    const log = new TaskLog({ client: this.#logs, at, onLine, clock, keep: tailLines });
    const since = clock.now();
    let stopped: { why: string; patience: number } | undefined;
    let task = started;
    for (let looks = 0; ; looks++) {
      if (!stopped && (signal.aborted || clock.now() >= deadline)) {
        stopped = { why: stopReason(options), patience: clock.now() + stopPatienceMs };
        await this.#tasks.stop(arn, stopped.why, log.tail);
      }
      task = (await this.#tasks.describe(arn, since, log.tail)) ?? task;
      if (task.lastStatus === 'STOPPED') break;
      await log.read();
      if (stopped && clock.now() >= stopped.patience) {
        throw new TaskError(
          `${stopped.why}; ECS has not ended the task ${shortArn(arn)} yet, the next update waits for it`,
          log.tail,
        );
      }
      const pause = pollPause(looks);
      if (stopped) await clock.sleep(Math.min(pause, 2000));
      else await clock.sleep(Math.max(1, Math.min(pause, deadline - clock.now())), signal);
    }
    await log.finish(task.startedAt !== undefined);
    if (stopped) throw new TaskError(stopped.why, log.tail);
    return { ...taskEnd(task, this.#args.container), tail: log.tail };
  }
}
