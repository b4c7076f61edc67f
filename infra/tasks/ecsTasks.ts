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
import type { AwsClients } from '../ecs/awsClients.ts';
import { explainAwsError, isTransient } from '../ecs/awsError.ts';
import type { Clock } from '../ecs/clock.ts';
import { retryTransient } from '../ecs/retry.ts';
import { explainStop } from '../ecs/stoppedTask.ts';
import type { EcsTaskArgs } from '../release/migrationRun.ts';
import { TaskError } from './taskRunner.ts';

/** How long AWS is asked again when it is out of reach. */
const patienceMs = 120_000;
/** A task that was started a moment ago may not be listed yet. */
const unlistedMs = 60_000;

/**
 * The requests of a runner to ECS about the one-off tasks of one stack. A short trouble of AWS is
 * waited out; any other is a TaskError.
 */
export class EcsTasks {
  readonly #args: Omit<Unwrap<EcsTaskArgs>, 'kind'>;
  readonly #ecs: AwsClients['ecs'];
  readonly #clock: Clock;

  constructor(args: Omit<Unwrap<EcsTaskArgs>, 'kind'>, ecs: AwsClients['ecs'], clock: Clock) {
    this.#args = args;
    this.#ecs = ecs;
    this.#clock = clock;
  }

  /** @throws TaskError when the task definition is not there any more or has no such container */
  async containerDefinition(signal: AbortSignal): Promise<ContainerDefinition> {
    const { taskDefinition, container } = this.#args;
    const command = new DescribeTaskDefinitionCommand({ taskDefinition });
    const answer = await this.#ask(
      'its task definition cannot be read',
      () => this.#ecs.send(command),
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
   * This stack's tasks that have not ended, oldest first; also those asked to stop, which may still
   * be at work.
   */
  async alive(signal: AbortSignal): Promise<Task[]> {
    const { cluster } = this.#args;
    const failed = 'looking for a task that an earlier update left running failed';
    const tasks: Task[] = [];
    const all = await this.#list(failed, signal);
    for (let at = 0; at < all.length; at += 100) {
      const command = new DescribeTasksCommand({
        cluster,
        tasks: all.slice(at, at + 100),
        include: ['TAGS'],
      });
      const page = await this.#ask(failed, () => this.#ecs.send(command), signal);
      tasks.push(...(page.tasks ?? []).filter(({ lastStatus }) => lastStatus !== 'STOPPED'));
    }
    return tasks.sort((a, b) => Number(a.createdAt ?? 0) - Number(b.createdAt ?? 0));
  }

  /** @param tags of the task, beside the stack's own */
  async start(command: string[], tags: Record<string, string>): Promise<Task> {
    const args = this.#args;
    const request = new RunTaskCommand({
      cluster: args.cluster,
      taskDefinition: args.taskDefinition,
      count: 1,
      // New for each run, so that a migration that failed can be tried again; the same for each
      // attempt of asking, so that an answer that was lost does not start a second task.
      clientToken: randomUUID(),
      startedBy: this.#startedBy,
      tags: Object.entries({ ...args.tags, ...tags }).map(([name, value]) => ({
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
      this.#ecs.send(request),
    );
    const task = tasks[0];
    if (!task?.taskArn) throw new TaskError(`it could not start: ${explainFailures(failures)}`);
    return task;
  }

  /**
   * @param since when the task was first looked at
   * @param tail its last lines, for the error
   * @returns `undefined` when ECS could not say right now
   */
  async describe(arn: string, since: number, tail: string[]): Promise<Task | undefined> {
    let answer;
    try {
      answer = await this.#ecs.send(
        new DescribeTasksCommand({ cluster: this.#args.cluster, tasks: [arn] }),
      );
    } catch (error) {
      // The task does not depend on whether we see it: what may pass is waited out, up to the
      // deadline.
      if (isTransient(error)) return undefined;
      throw new TaskError(
        `it runs, but cannot be watched: ${explainAwsError(error)}. The next update takes it up`,
        tail,
        { cause: error },
      );
    }
    const task = answer.tasks?.[0];
    if (!task && this.#clock.now() > since + unlistedMs) {
      const reason = answer.failures?.[0]?.reason ?? 'no reason given';
      throw new TaskError(
        `ECS does not know the task ${shortArn(arn)} any more (${reason}), so its exit code is lost; run the update again`,
        tail,
      );
    }
    return task;
  }

  /**
   * SIGTERM first: the runner finishes or rolls back its file. ECS kills it after the container's
   * stopTimeout.
   */
  async stop(arn: string, why: string, tail: string[]): Promise<void> {
    const request = new StopTaskCommand({
      cluster: this.#args.cluster,
      task: arn,
      reason: `slipway: ${why}`.slice(0, 255),
    });
    try {
      await retryTransient(() => this.#ecs.send(request), {
        clock: this.#clock,
        until: this.#clock.now() + patienceMs,
      });
    } catch (error) {
      throw new TaskError(
        `${why.split(/[,;]/)[0]}, but the task ${shortArn(arn)} could not be stopped: ${explainAwsError(error)}. ` +
          'It goes on; the next update takes it up',
        tail,
        { cause: error },
      );
    }
  }

  /**
   * The tasks of this stack carry it, whichever image they run. ECS allows 36 characters of a few
   * kinds.
   */
  get #startedBy(): string {
    return `slipway-migration/${hash(this.#args.tags)}`;
  }

  async #list(failed: string, signal: AbortSignal): Promise<string[]> {
    const arns = new Set<string>();
    for (const desiredStatus of ['RUNNING', 'STOPPED'] as const) {
      let nextToken: string | undefined;
      do {
        const command = new ListTasksCommand({
          cluster: this.#args.cluster,
          startedBy: this.#startedBy,
          desiredStatus,
          nextToken,
        });
        const page = await this.#ask(failed, () => this.#ecs.send(command), signal);
        for (const arn of page.taskArns ?? []) arns.add(arn);
        nextToken = page.nextToken;
      } while (nextToken);
    }
    return [...arns];
  }

  async #ask<T>(failed: string, request: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const until = this.#clock.now() + patienceMs;
    try {
      return await retryTransient(request, { clock: this.#clock, until, signal });
    } catch (error) {
      if (signal?.aborted) throw new TaskError('cancelled before it started', [], { cause: error });
      throw new TaskError(`${failed}: ${explainAwsError(error)}`, [], { cause: error });
    }
  }
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
export function shortArn(arn = ''): string {
  return arn.split('/').at(-1) ?? arn;
}

/** 16 hexadecimal digits. */
export function hash(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, 16);
}

/** AWS takes letters, digits, spaces and a few signs, 256 of them. */
function tagValue(value: string): string {
  return value.replace(/[^\p{L}\p{N} +\-=._:/@]/gu, '_').slice(0, 256);
}
