import { isTransient } from './awsError.ts';
import type { Clock } from './clock.ts';

/**
 * Asks AWS until it answers: what may pass is tried again after 1, 2, 4 … 20 s, beyond the SDK's
 * own quick retries.
 *
 * @param until no new attempt is made after this moment of the clock
 * @param signal an abort ends the waiting; the last error is thrown then
 * @throws what the last attempt threw
 */
export async function retryTransient<T>(
  ask: () => Promise<T>,
  options: { clock: Clock; until: number; signal?: AbortSignal | undefined },
): Promise<T> {
  const { clock, until, signal } = options;
  for (let attempt = 0; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      const pause = Math.min(20_000, 1000 * 2 ** attempt);
      if (!isTransient(error) || signal?.aborted || clock.now() + pause > until) throw error;
      await clock.sleep(pause, signal);
    }
  }
}
