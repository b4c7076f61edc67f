import { GetLogEventsCommand, type CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { ContainerDefinition } from '@aws-sdk/client-ecs';
import { explainAwsError, isTransient } from './awsError.ts';
import type { Clock } from './clock.ts';

/** Where the awslogs driver writes what a container says. */
export interface LogStream {
  group: string;
  stream: string;
}

/** The stream of one task's container; `undefined` when it logs elsewhere. */
export function logStream(
  container: ContainerDefinition | undefined,
  taskArn: string,
): LogStream | undefined {
  const { logDriver, options } = container?.logConfiguration ?? {};
  const group = options?.['awslogs-group'];
  const prefix = options?.['awslogs-stream-prefix'];
  if (logDriver !== 'awslogs' || !group || !prefix || !container?.name) return undefined;
  return { group, stream: `${prefix}/${container.name}/${taskArn.split('/').at(-1)}` };
}

/** Longer lines are cut: one line of CloudWatch may have 256 KiB. */
const longestLine = 4000;
/** More than this is not shown, only counted; CloudWatch keeps it all. */
const shownLines = 5000;
/** So that a flood of lines never keeps the task itself from being watched. */
const pagesPerRead = 20;
/** CloudWatch takes in the last lines a moment after the task has ended. */
const quietMs = 3000;
const finishMs = 60_000;

export interface TaskLogOptions {
  client: CloudWatchLogsClient;
  at: LogStream | undefined;
  onLine: (line: string) => void;
  clock: Clock;
  /** How many of the last lines are kept. */
  keep: number;
}

/**
 * Follows the log of one task from its start. Trouble with the log is said in a line and never
 * fails the task.
 */
export class TaskLog {
  /** The last lines. */
  readonly tail: string[] = [];
  readonly #options: TaskLogOptions;
  #token: string | undefined;
  #count = 0;
  #broken = false;

  constructor(options: TaskLogOptions) {
    this.#options = options;
  }

  /**
   * Hands on what has arrived since. True when it came to the end of what CloudWatch has so far.
   */
  async read(): Promise<boolean> {
    const { client, at } = this.#options;
    if (!at || this.#broken) return true;
    for (let page = 0; page < pagesPerRead; page++) {
      let answer;
      try {
        const place = {
          logGroupName: at.group,
          logStreamName: at.stream,
          startFromHead: true,
          limit: 1000,
        };
        answer = await client.send(
          new GetLogEventsCommand({ ...place, ...(this.#token ? { nextToken: this.#token } : {}) }),
        );
      } catch (error) {
        // The stream comes into being with the container's first line.
        if ((error as Error).name === 'ResourceNotFoundException' || isTransient(error))
          return true;
        this.#broken = true;
        this.#options.onLine(
          `(its log cannot be read: ${explainAwsError(error)}; it stands in ${at.group}, ${at.stream})`,
        );
        return true;
      }
      for (const { message } of answer.events ?? []) this.#take(message ?? '');
      // The same token again says that this is the end; an empty page with another token does not.
      if (!answer.nextForwardToken || answer.nextForwardToken === this.#token) return true;
      this.#token = answer.nextForwardToken;
    }
    return false;
  }

  /**
   * Reads the rest, once the task has ended.
   *
   * @param spoke whether the container ran at all, so that lines are to be expected
   */
  async finish(spoke: boolean): Promise<void> {
    const { clock, at, onLine } = this.#options;
    const end = clock.now() + finishMs;
    let quietSince = clock.now();
    for (;;) {
      const before = this.#count;
      const complete = await this.read();
      if (this.#count > before) quietSince = clock.now();
      if (!spoke || !at || this.#broken) break;
      if (complete && clock.now() - quietSince >= quietMs) break;
      if (clock.now() >= end) {
        onLine(`(more lines stand in the log group ${at.group}, stream ${at.stream})`);
        break;
      }
      if (complete) await clock.sleep(1000);
    }
    if (spoke && at && !this.#broken && this.#count === 0)
      onLine(`(nothing of it arrived in the log group ${at.group})`);
    if (at && this.#count > shownLines) {
      onLine(
        `(${this.#count} lines in all; the others stand in the log group ${at.group}, stream ${at.stream})`,
      );
    }
  }

  #take(message: string): void {
    for (const raw of message.replace(/\r?\n$/, '').split(/\r?\n/)) {
      const line = raw.length > longestLine ? `${raw.slice(0, longestLine)} …` : raw;
      this.tail.push(line);
      if (this.tail.length > this.#options.keep) this.tail.shift();
      this.#count++;
      if (this.#count <= shownLines) this.#options.onLine(line);
      else if (this.#count === shownLines + 1)
        this.#options.onLine('(a long log: further lines are not shown here)');
    }
  }
}

/**
 * The last lines of a task that has ended or is not needed any more; none when they cannot be had.
 */
export async function lastLines(
  client: CloudWatchLogsClient,
  at: LogStream,
  count: number,
): Promise<string[]> {
  try {
    const place = {
      logGroupName: at.group,
      logStreamName: at.stream,
      startFromHead: false,
      limit: count,
    };
    const { events = [] } = await client.send(new GetLogEventsCommand(place));
    return events.map(({ message = '' }) => message.trimEnd().slice(0, longestLine));
  } catch {
    return [];
  }
}
