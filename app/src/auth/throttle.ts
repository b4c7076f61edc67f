import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import {
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import { networkOf } from '../http/clientAddress.ts';
import { Problem } from '../http/problem.ts';

/**
 * Slows down guessing. Valkey keeps the counts for all instances together. Without Valkey each
 * process counts for itself.
 */
export class Throttle {
  readonly #register: RateLimiterAbstract;
  readonly #refused: RateLimiterAbstract;
  readonly #login: RateLimiterAbstract;
  readonly #refresh: RateLimiterAbstract;
  readonly #guesses: RateLimiterAbstract;
  readonly #accountGuesses: RateLimiterAbstract;
  readonly #known: RateLimiterAbstract;
  readonly #messages: RateLimiterAbstract;

  /**
   * @param perMinute attempts of one client address in a minute
   * @param messagesPerMinute messages of one person in a minute
   */
  constructor(cache: Redis | undefined, perMinute: number, messagesPerMinute: number) {
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
    // A refused registration tells that an address has an account. Without mails that cannot be
    // hidden, but it can be made slow.
    this.#refused = limiter('register-refused', perMinute, 60 * 60);
    this.#login = limiter('login', perMinute, 60);
    this.#refresh = limiter('refresh', perMinute * 4, 60);
    this.#guesses = limiter('login-failures', 10, quarter);
    this.#accountGuesses = limiter('account-failures', 50, quarter);
    this.#known = limiter('known-address', 1, knownS);
    this.#messages = limiter('messages', messagesPerMinute, 60);
  }

  async registering(address: string): Promise<void> {
    const refused = await this.#refused.get(networkOf(address)).catch(() => null);
    if (refused && refused.remainingPoints <= 0) throw tooMany(refused);
    await consume(this.#register, networkOf(address));
  }

  /** A registration was refused because the account is there. */
  async refused(address: string): Promise<void> {
    await this.#refused.consume(networkOf(address)).catch(() => undefined);
  }

  refreshing = (address: string): Promise<void> => consume(this.#refresh, networkOf(address));
  posting = (userId: string): Promise<void> => consume(this.#messages, userId);

  /**
   * Counts a guess before it is verified: of many at once, only as many as allowed are. The limit of
   * the account holds for strangers alone. From an address that has signed in to it before, its own
   * limit is the only one: strangers' guesses must not lock the owner out.
   */
  async signingIn(address: string, email: string): Promise<void> {
    const network = networkOf(address);
    await consume(this.#login, network);
    await consume(this.#guesses, hashed(network, email));
    const known = await this.#known.get(hashed(network, email)).catch(() => null);
    if (!known) await consume(this.#accountGuesses, hashed('', email));
  }

  async signedIn(address: string, email: string): Promise<void> {
    const key = hashed(networkOf(address), email);
    await Promise.all([
      this.#guesses.delete(key).catch(() => false),
      this.#known.set(key, 1, knownS).catch(() => undefined),
      // It was no guess.
      this.#accountGuesses.reward(hashed('', email)).catch(() => undefined),
    ]);
  }
}

const quarter = 15 * 60;
/** How long an address counts as known; a timer of Node takes no more than 24 days. */
const knownS = 20 * 86_400;

/** Hashed: the cache holds no list of addresses. */
const hashed = (network: string, email: string): string =>
  createHash('sha256').update(`${network}\n${email.toLowerCase()}`).digest('base64url');

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
