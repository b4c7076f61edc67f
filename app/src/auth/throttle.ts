import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import {
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import { Problem } from '../http/problem.ts';

/**
 * Slows down guessing. Valkey keeps the counts for all instances together. Without Valkey each
 * process counts for itself.
 */
export class Throttle {
  readonly #register: RateLimiterAbstract;
  readonly #login: RateLimiterAbstract;
  readonly #refresh: RateLimiterAbstract;
  readonly #failures: RateLimiterAbstract;

  /** @param perMinute attempts of one client address in a minute */
  constructor(cache: Redis | undefined, perMinute: number) {
    const limiter = (keyPrefix: string, points: number, duration: number): RateLimiterAbstract => {
      const memory = new RateLimiterMemory({ keyPrefix, points, duration });
      if (!cache) return memory;
      return new RateLimiterRedis({
        storeClient: cache,
        keyPrefix: `slipway:${keyPrefix}`,
        points,
        duration,
        rejectIfRedisNotReady: true,
        insuranceLimiter: memory,
      });
    };
    this.#register = limiter('register', perMinute, 60);
    this.#login = limiter('login', perMinute, 60);
    this.#refresh = limiter('refresh', perMinute * 4, 60);
    // Per account and address: a stranger's guesses must not lock the owner out.
    this.#failures = limiter('login-failures', 10, 15 * 60);
  }

  registering = (address: string): Promise<void> => consume(this.#register, address);
  refreshing = (address: string): Promise<void> => consume(this.#refresh, address);

  async signingIn(address: string, email: string): Promise<void> {
    await consume(this.#login, address);
    const failures = await this.#failures.get(account(address, email)).catch(() => null);
    if (failures && failures.consumedPoints >= 10) throw tooMany(failures);
  }

  async signInFailed(address: string, email: string): Promise<void> {
    await consume(this.#failures, account(address, email));
  }

  async signedIn(address: string, email: string): Promise<void> {
    await this.#failures.delete(account(address, email)).catch(() => false);
  }
}

/** Hashed: the cache holds no list of addresses. */
const account = (address: string, email: string): string =>
  createHash('sha256').update(`${address}\n${email.toLowerCase()}`).digest('base64url');

async function consume(limiter: RateLimiterAbstract, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (error) {
    throw error instanceof RateLimiterRes ? tooMany(error) : error;
  }
}

function tooMany({ msBeforeNext }: RateLimiterRes): Problem {
  const seconds = Math.max(1, Math.ceil(msBeforeNext / 1_000));
  return new Problem(429, `Too many attempts. Try again in ${seconds} s.`, {
    headers: { 'retry-after': String(seconds) },
  });
}
