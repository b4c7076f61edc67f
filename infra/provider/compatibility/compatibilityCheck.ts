/** What a check of the deployed version needs to know of the app, on whichever platform. */
export interface CompatibilityArgs {
  /** The image's role that is the API, such as `['serve']`. */
  serve: string[];
  /** The image's role that holds an API against its contract; the address and options follow. */
  smoke: string[];
  /** Port the API listens on. */
  port: number;
  readinessPath: string;
  memoryMb: number;
  /**
   * Tables whose rows belong to the schema: the code does not work without them. Names or psql
   * patterns.
   */
  referenceTables: string[];
  /** How long the deployed version may take to become ready, seconds. */
  readinessTimeoutSeconds: number;
}

interface FailedCheck {
  name: string;
  expected: string;
  got: string;
}

export type CompatibilityResult =
  /** @param deployed ids of the images that run now; `checks` of each passed */
  | { outcome: 'passed'; deployed: string[]; checks: number }
  /** Nothing to check, or no way to: a release may go on. */
  | { outcome: 'unchecked'; reason: string; severity: 'info' | 'warning' }
  /** The migrations themselves failed on the copy. */
  | { outcome: 'migrationFailed'; reason: string; tail: string[] }
  | {
      outcome: 'failed';
      /** Id of the image that does not work on the new schema. */
      deployed: string;
      failures: FailedCheck[];
      /** How many checks there are, and how many could not run for others that failed. */
      checks: number;
      skipped: number;
      /** What the deployed version logged about it. */
      logged: string[];
    };

export interface CompatibilityOptions {
  /** The command of the new image that migrates, the very one the release is going to run. */
  migrate: string[];
  migrateTimeoutMs: number;
  /** Aborted when the update is cancelled. */
  signal: AbortSignal;
}

/** Shows whether the version that is deployed now works on the schema that a release brings. */
export interface CompatibilityCheck {
  /**
   * Applies the release's migrations to a throw-away copy of the schema, runs the deployed version
   * on it, and holds it against its own checks. Changes nothing of the stack, and leaves nothing
   * behind.
   *
   * @throws TaskError when it cannot be carried out, or is cancelled
   */
  run(options: CompatibilityOptions): Promise<CompatibilityResult>;
}
