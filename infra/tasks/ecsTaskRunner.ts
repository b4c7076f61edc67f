import { createHash, randomUUID } from 'node:crypto';
import {
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ListTasksCommand,
  RunTaskCommand,
  StopTaskCommand,
  type ContainerDefinition,
  type Failure,
  type Task,
} from '@aws-sdk/client-ecs';
import type { Unwrap } from '@pulumi/pulumi';
import { canonical } from '../canonical.ts';
import {
  TaskError,
  tailLines,
  type TaskOptions,
  type TaskResult,
  type TaskRunner,
} from './taskRunner.ts';
import { awsClients, type AwsClients } from '../ecs/awsClients.ts';
import type { EcsTaskArgs } from '../release/migrationRun.ts';
import { explainAwsError, isTransient } from '../ecs/awsError.ts';
import { pollPause, systemClock, type Clock } from '../ecs/clock.ts';
import { retryTransient } from '../ecs/retry.ts';
import { explainStop, taskEnd } from '../ecs/stoppedTask.ts';
import { logStream, TaskLog } from '../ecs/taskLog.ts';

/** Tag that says which run a task is: image, files, database, task definition and command. */
const taskTag = 'dev.slipway.task';
/** How long asking AWS is tried when it is out of reach and no task runs yet. */
const startPatienceMs = 120_000;
/** A task that was started a moment ago may not be listed yet. */
const unlistedMs = 60_000;
/** Fargate's longest stopTimeout, 120 s, and some time to take the task down. */
const stopPatienceMs = 180_000;

export interface EcsTaskRunnerArgs extends Omit<Unwrap<EcsTaskArgs>, 'kind'> {
  /**
   * What makes two runs the same one besides task definition and command: the image, its files, the
   * database.
   */
  identity: unknown;
}

/**
 * Runs one-off tasks of the app image on ECS, with the rights and the network the services have.
 */
export class EcsTaskRunner implements TaskRunner {
  readonly #args: EcsTaskRunnerArgs;
  readonly #clients: AwsClients;
  readonly #clock: Clock;
  #definition: ContainerDefinition | undefined;

  constructor(
    args: EcsTaskRunnerArgs,
    clients: AwsClients = awsClients(args),
    clock: Clock = systemClock,
  ) {
    this.#args = args;
    this.#clients = clients;
    this.#clock = clock;
  }

  async run(options: TaskOptions): Promise<TaskResult> {
    const { signal } = options;
    if (signal.aborted) throw new TaskError('cancelled before it started');
    const deadline = this.#clock.now() + options.timeoutMs;
    this.#definition = await this.#containerDefinition(signal);
    const key = hash([this.#args.identity, this.#args.taskDefinition, options.command]);
    const left = await this.#leftOver(key, options, deadline);
    if (left) options.onLine('taking up the task that an earlier update left running');
    const task = left ?? (await this.#start(key, options));
    return { ...(await this.#follow(task, options, deadline)), adopted: left !== undefined };
  }

  /**
   * The tasks of this stack carry it, whichever image they run. ECS allows 36 characters of a few
   * kinds.
   */
  get #startedBy(): string {
    return `slipway-migration/${hash(this.#args.tags)}`;
  }

  /** @throws TaskError when the task definition is not there any more or has no such container */
  async #containerDefinition(signal: AbortSignal): Promise<ContainerDefinition> {
    const { taskDefinition, container } = this.#args;
    const command = new DescribeTaskDefinitionCommand({ taskDefinition });
    const answer = await this.#ask(
      'its task definition cannot be read',
      () => this.#clients.ecs.send(command),
      signal,
    );
    const containers = answer.taskDefinition?.containerDefinitions ?? [];
    const found = containers.find(({ name }) => name === container);
    if (found) return found;
    const names = containers.map(({ name }) => name).join(', ') || 'none';
    throw new TaskError(
      `its task definition ${shortArn(taskDefinition)} has no container ${container} (it has: ${names})`,
    );
  }

  /**
   * The running task of an earlier, killed update: the same one is taken up, any other is waited
   * for.
   */
  async #leftOver(key: string, options: TaskOptions, deadline: number): Promise<Task | undefined> {
    const alive = await this.#aliveTasks(options.signal);
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
      const earlier = {
        ...options,
        onLine: (line: string) => options.onLine(`(earlier task) ${line}`),
      };
      await this.#follow(task, earlier, deadline);
    }
    return same;
  }

  /**
   * This stack's tasks that have not ended, oldest first; also those asked to stop, which may still
   * be at work.
   */
  async #aliveTasks(signal: AbortSignal): Promise<Task[]> {
    const { cluster } = this.#args;
    const failed = 'looking for a task that an earlier update left running failed';
    const arns = new Set<string>();
    for (const desiredStatus of ['RUNNING', 'STOPPED'] as const) {
      let nextToken: string | undefined;
      do {
        const command = new ListTasksCommand({
          cluster,
          startedBy: this.#startedBy,
          desiredStatus,
          nextToken,
        });
        const page = await this.#ask(failed, () => this.#clients.ecs.send(command), signal);
        for (const arn of page.taskArns ?? []) arns.add(arn);
        nextToken = page.nextToken;
      } while (nextToken);
    }
    const tasks: Task[] = [];
    const all = [...arns];
    for (let at = 0; at < all.length; at += 100) {
      const command = new DescribeTasksCommand({
        cluster,
        tasks: all.slice(at, at + 100),
        include: ['TAGS'],
      });
      const page = await this.#ask(failed, () => this.#clients.ecs.send(command), signal);
      tasks.push(...(page.tasks ?? []).filter(({ lastStatus }) => lastStatus !== 'STOPPED'));
    }
    return tasks.sort((a, b) => Number(a.createdAt ?? 0) - Number(b.createdAt ?? 0));
  }

  async #start(key: string, { command, signal, onLine }: TaskOptions): Promise<Task> {
    const args = this.#args;
    if (signal.aborted) throw new TaskError('cancelled before it started');
    const request = new RunTaskCommand({
      cluster: args.cluster,
      taskDefinition: args.taskDefinition,
      count: 1,
      // New for each run, so that a migration that failed can be tried again; the same for each
      // attempt of asking, so that an answer that was lost does not start a second task.
      clientToken: randomUUID(),
      startedBy: this.#startedBy,
      tags: Object.entries({ ...args.tags, [taskTag]: key }).map(([name, value]) => ({
        key: name,
        value: tagValue(value),
      })),
      networkConfiguration: {
        awsvpcConfiguration: {
          subnets: args.subnets,
          securityGroups: args.securityGroups,
          assignPublicIp: args.assignPublicIp ? 'ENABLED' : 'DISABLED',
        },
      },
      ...(args.capacityProvider
        ? { capacityProviderStrategy: [{ capacityProvider: args.capacityProvider, weight: 1 }] }
        : { launchType: 'FARGATE' as const }),
      overrides: { containerOverrides: [{ name: args.container, command }] },
    });
    const { tasks = [], failures = [] } = await this.#ask('it could not start', () =>
      this.#clients.ecs.send(request),
    );
    const task = tasks[0];
    if (!task?.taskArn) throw new TaskError(`it could not start: ${explainFailures(failures)}`);
    onLine(`ECS starts the task ${shortArn(task.taskArn)}`);
    return task;
  }

  /** Watches a task until it has ended; a quick one never shows RUNNING. */
  async #follow(
    started: Task,
    options: TaskOptions,
    deadline: number,
  ): Promise<Omit<TaskResult, 'adopted'>> {
    const clock = this.#clock;
    const { signal } = options;
    const arn = started.taskArn ?? '';
    const log = new TaskLog({
      client: this.#clients.logs,
      at: logStream(this.#definition, arn),
      onLine: options.onLine,
      clock,
      keep: tailLines,
    });
    const listedBy = clock.now() + unlistedMs;
    let stopped: { why: string; patience: number } | undefined;
    let task: Task | undefined = started;
    for (let looks = 0; ; looks++) {
      if (!stopped && (signal.aborted || clock.now() >= deadline)) {
        stopped = { why: stopReason(options), patience: clock.now() + stopPatienceMs };
        await this.#stop(arn, stopped.why, log);
      }
      task = (await this.#describe(arn, listedBy, log)) ?? task;
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

  /** `undefined` when ECS could not say right now. */
  async #describe(arn: string, listedBy: number, log: TaskLog): Promise<Task | undefined> {
    let answer;
    try {
      answer = await this.#clients.ecs.send(
        new DescribeTasksCommand({ cluster: this.#args.cluster, tasks: [arn] }),
      );
    } catch (error) {
      // The task does not depend on whether we see it: what may pass is waited out, up to the
      // deadline.
      if (isTransient(error)) return undefined;
      throw new TaskError(
        `it runs, but cannot be watched: ${explainAwsError(error)}. The next update takes it up`,
        log.tail,
        { cause: error },
      );
    }
    const task = answer.tasks?.[0];
    if (!task && this.#clock.now() > listedBy) {
      const reason = answer.failures?.[0]?.reason ?? 'no reason given';
      throw new TaskError(
        `ECS does not know the task ${shortArn(arn)} any more (${reason}), so its exit code is lost; run the update again`,
        log.tail,
      );
    }
    return task;
  }

  /**
   * SIGTERM first: the runner finishes or rolls back its file. ECS kills it after the container's
   * stopTimeout.
   */
  async #stop(arn: string, why: string, log: TaskLog): Promise<void> {
    const request = new StopTaskCommand({
      cluster: this.#args.cluster,
      task: arn,
      reason: `slipway: ${why}`.slice(0, 255),
    });
    try {
      await retryTransient(() => this.#clients.ecs.send(request), {
        clock: this.#clock,
        until: this.#clock.now() + startPatienceMs,
      });
    } catch (error) {
      throw new TaskError(
        `${why.split(/[,;]/)[0]}, but the task ${shortArn(arn)} could not be stopped: ${explainAwsError(error)}. ` +
          'It goes on; the next update takes it up',
        log.tail,
        { cause: error },
      );
    }
  }

  async #ask<T>(failed: string, request: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await retryTransient(request, {
        clock: this.#clock,
        until: this.#clock.now() + startPatienceMs,
        signal,
      });
    } catch (error) {
      if (signal?.aborted) throw new TaskError('cancelled before it started', [], { cause: error });
      throw new TaskError(`${failed}: ${explainAwsError(error)}`, [], { cause: error });
    }
  }
}

function stopReason({ signal, timeoutMs }: TaskOptions): string {
  if (signal.aborted) return 'cancelled, nothing half-applied: every file is whole or not there';
  return `stopped after ${Math.round(timeoutMs / 1000)} s, its timeout; the database stands at the last whole file`;
}

/** Why RunTask placed no task. Source: "API failures event messages", Amazon ECS guide. */
function explainFailures(failures: Failure[]): string {
  const [failure] = failures;
  if (!failure) return 'ECS returned neither a task nor a reason; run the update again';
  const text = [failure.reason, failure.detail].filter(Boolean).join(', ') || 'no reason given';
  if (/^RESOURCE:|^AGENT$|^ATTRIBUTE$/.test(failure.reason ?? '')) {
    return `${text}; the cluster has no room for the task: add capacity, or ask for less CPU and memory`;
  }
  return explainStop(text);
}

/** The last part of an ARN, which is what people know a task or a revision by. */
function shortArn(arn = ''): string {
  return arn.split('/').at(-1) ?? arn;
}

/** 16 hexadecimal digits. */
function hash(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, 16);
}

/** AWS takes letters, digits, spaces and a few signs, 256 of them. */
function tagValue(value: string): string {
  return value.replace(/[^\p{L}\p{N} +\-=._:/@]/gu, '_').slice(0, 256);
}
