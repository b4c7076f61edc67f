import { Problem } from '../http/problem.ts';

/** OWASP's minimum for argon2id: 19 MiB, two passes, one lane. Takes about 16 ms of one core. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** How many are hashed at once and may wait. Hashing shares libuv's threads with files and DNS. */
const atOnce = 2;
const mayWait = 64;

// The native module loads on first use, so that it does not slow the start.
const argon2 = () => import('@node-rs/argon2');

let running = 0;
const queue: (() => void)[] = [];

/** Limits the CPU and memory that passwords take, however many arrive. */
async function limited<T>(work: () => Promise<T>): Promise<T> {
  if (running >= atOnce) {
    if (queue.length >= mayWait) {
      throw new Problem(503, 'Too many sign-ins at this moment. Try again shortly.', {
        headers: { 'retry-after': '2' },
      });
    }
    // A finished call hands its place on, so `running` stays the same.
    await new Promise<void>((resolve) => queue.push(resolve));
  } else {
    running++;
  }
  try {
    return await work();
  } finally {
    const next = queue.shift();
    if (next) next();
    else running--;
  }
}

export function hashPassword(password: string): Promise<string> {
  return limited(async () => (await argon2()).hash(password, cost));
}

/**
 * Compares a password with a stored hash. Without a hash (no such account) it does the same work:
 * the time of an answer must not tell which addresses exist.
 */
export function verifyPassword(hash: string | undefined, password: string): Promise<boolean> {
  return limited(async () => {
    const { verify } = await argon2();
    const matches = await verify(hash ?? decoy, password);
    return matches && hash !== undefined;
  });
}

/** A hash of a random password that nobody knows, made with the same cost. */
const decoy =
  '$argon2id$v=19$m=19456,t=2,p=1$omRbni/ndK6TD3OG5xRRSA$XBxkLuXuxeY7cFeZtcMCkpijKskuDYE0wqyrltG8qW4';
