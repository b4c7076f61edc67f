import type { Clock } from '../clock.ts';

/** A clock for tests: sleeping takes no time but moves it on. Starts at 0. */
export class FakeClock implements Clock {
  #time = 0;
  readonly #alarms: { at: number; ring: () => void }[] = [];

  now(): number {
    return this.#time;
  }

  /** Does something once that much time has passed, at the next sleep that gets there. */
  at(ms: number, ring: () => void): void {
    this.#alarms.push({ at: ms, ring });
    this.#alarms.sort((a, b) => a.at - b.at);
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const end = this.#time + ms;
    while (!signal?.aborted && this.#alarms[0] && this.#alarms[0].at <= end) {
      const { at, ring } = this.#alarms.shift()!;
      this.#time = Math.max(this.#time, at);
      ring();
    }
    if (!signal?.aborted) this.#time = end;
    await Promise.resolve();
  }
}
