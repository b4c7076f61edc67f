import { setTimeout as wait } from 'node:timers/promises';

/** Time, as everything that polls sees it, so that tests need not wait. */
export interface Clock {
  /** Milliseconds since a fixed moment. */
  now(): number;
  /** Resolves after some milliseconds, or as soon as the signal is aborted; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => wait(ms, undefined, signal ? { signal } : {}).catch(() => undefined),
};

/**
 * The pause after the n-th look at something, milliseconds: 1 s at first, 5 s at most, so a quick
 * task ends quickly.
 */
export function pollPause(looks: number): number {
  return Math.min(5000, Math.round(1000 * 1.3 ** looks));
}
