/**
 * The exit codes of `migrate`. Scripts and the slipway provider rely on the numbers: never reuse
 * one.
 */
export const exitCodes = {
  ok: 0,
  /** A statement of a migration failed; the file was rolled back whole. */
  failedSql: 1,
  /** Wrong arguments, settings or folder. */
  usage: 2,
  /** Another run held the lock for longer than we were willing to wait. */
  lockNotObtained: 3,
  /** Nothing answered at the database's address within the wait. */
  unreachable: 4,
  /** The database refused the user or the password. */
  authentication: 5,
  /** A file that was applied has been edited since. */
  checksum: 6,
  /** A new file is numbered before one that was already applied. */
  order: 7,
  /** A file that was applied is gone. */
  missingFile: 8,
  /** Two files have the same number. */
  duplicateNumber: 9,
  /** A migration has no down file. */
  missingDown: 10,
  /** A file cannot be used as it is: its name, its encoding, its content. */
  badFile: 11,
  /** The server and we do not agree on TLS. */
  tls: 12,
  /** An older image: it cannot go back over a migration that it does not know. */
  rollback: 13,
  /** The connection that held the lock, or the lock itself, was lost in the middle of a run. */
  lockLost: 14,
  /** A pooler stands in between and does not keep the session, so no lock can be held. */
  pooler: 15,
  /** A contract step would run in the release of the expand it completes. */
  contractTooEarly: 16,
  /** A migration that says it cannot be reverted. */
  irreversible: 17,
  /** The lint found an error. */
  lint: 18,
  /** In a trial a file took longer, or kept others waiting longer, than its budget allows. */
  overBudget: 19,
  /**
   * In a trial a down file did not bring back the schema, or up after it did not make the same
   * one again.
   */
  notRestored: 20,
  /** Stopped by Ctrl-C (128 + SIGINT). */
  interrupted: 130,
  /** Stopped by SIGTERM (128 + SIGTERM). */
  terminated: 143,
} as const;

export type ExitReason = keyof typeof exitCodes;

/**
 * A fault that a person can mend. It is printed without a stack, and has an exit code of its own.
 */
export class MigrationError extends Error {
  readonly reason: ExitReason;

  constructor(reason: ExitReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MigrationError';
    this.reason = reason;
  }

  get exitCode(): number {
    return exitCodes[this.reason];
  }
}
