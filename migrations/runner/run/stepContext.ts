import type pg from 'pg';
import type { Ledger } from '../database/ledger.ts';
import type { Lock } from '../database/lock.ts';

export interface StepSettings {
  /** The schema everything lives in. */
  schema: string;
  /**
   * The longest a statement may wait for a lock, and so the longest that others queue up behind it,
   * in milliseconds.
   */
  lockTimeoutMs: number;
  statementTimeoutMs: number;
  /**
   * How often a file is tried when it only lost against other work (a lock, a deadlock, a
   * serialization failure).
   */
  attempts: number;
  /** Written into the bookkeeping: which release did it. */
  release: string;
  /**
   * Called where a file's transaction is about to end, with its session: a trial looks at the locks
   * it holds.
   */
  inspect?: (client: pg.Client) => Promise<void>;
}

/** The session that holds the lock, and the settings of a step. */
export interface StepContext {
  client: pg.Client;
  lock: Lock;
  ledger: Ledger;
  settings: StepSettings;
  say: (line: string) => void;
  signal: AbortSignal;
}
