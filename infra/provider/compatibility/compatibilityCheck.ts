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
      /** The deployed version's own log lines about it. */
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
