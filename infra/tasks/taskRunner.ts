/** One run of a one-off task, on whichever platform. */
export interface TaskResult {
  /** `undefined` when the platform knows none, which counts as a failure. */
  exitCode: number | undefined;
  /** Why it ended, where the platform says more than the exit code. */
  reason?: string;
  /** The last lines it wrote. */
  tail: string[];
  /** Whether an earlier update had started it and this one took it up. */
  adopted: boolean;
}

export interface TaskOptions {
  command: string[];
  timeoutMs: number;
  /** Aborted when the update is cancelled. */
  signal: AbortSignal;
  onLine: (line: string) => void;
}

/** Runs one-off tasks of the app image. */
export interface TaskRunner {
  /**
   * Runs a command to its end, or takes up the run that a killed update left behind.
   *
   * @throws TaskError when it cannot start, runs past its time, or is cancelled
   */
  run(options: TaskOptions): Promise<TaskResult>;
}

/** How many of the last lines are kept for the error. */
export const tailLines = 50;

/** A task that did not come to an end of its own. */
export class TaskError extends Error {
  readonly tail: string[];

  constructor(message: string, tail: string[] = [], options?: ErrorOptions) {
    super(message, options);
    this.name = 'TaskError';
    this.tail = tail;
  }
}

/** Why a task is stopped before its end. */
export function stopReason({ signal, timeoutMs }: TaskOptions): string {
  if (signal.aborted) return 'cancelled, nothing half-applied: every file is whole or not there';
  return `stopped after ${Math.round(timeoutMs / 1000)} s, its timeout; the database stands at the last whole file`;
}
