import type { Redis } from 'ioredis';

/**
 * Sessions that ended while access tokens of theirs were still good. Valkey tells all instances;
 * without it, only the instance that ended a session knows, and elsewhere its access tokens live on
 * for their few minutes. To refuse everybody while Valkey is away would be worse.
 */
export class EndedSessions {
  readonly #cache: Redis | undefined;
  readonly #lifetimeS: number;
  /** Until when, in milliseconds. */
  readonly #here = new Map<string, number>();

  /** @param lifetimeS of an access token: nothing has to be remembered for longer */
  constructor(cache: Redis | undefined, lifetimeS: number) {
    this.#cache = cache;
    this.#lifetimeS = lifetimeS;
  }

  async add(sessionId: string): Promise<void> {
    const now = Date.now();
    for (const [id, until] of this.#here) if (until < now) this.#here.delete(id);
    this.#here.set(sessionId, now + this.#lifetimeS * 1_000);
    await this.#cache?.set(keyOf(sessionId), '1', 'EX', this.#lifetimeS).catch(() => undefined);
  }

  async has(sessionId: string): Promise<boolean> {
    if ((this.#here.get(sessionId) ?? 0) > Date.now()) return true;
    if (this.#cache?.status !== 'ready') return false;
    return (await this.#cache.exists(keyOf(sessionId)).catch(() => 0)) === 1;
  }
}

const keyOf = (sessionId: string): string => `slipway:ended-session:${sessionId}`;
