import { Redis } from 'ioredis';
import type { Logger } from 'pino';

/**
 * A connection to Valkey that fails fast: while Valkey is down, commands are refused and do not
 * pile up. The connection reconnects by itself as long as the process lives.
 */
export function openCache(url: string, log: Logger): Redis {
  const cache = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 500,
    connectTimeout: 2_000,
    retryStrategy: (attempt) => Math.min(100 * 2 ** Math.min(attempt, 4), 1_000),
    // The 'error' event reports a first connection that fails, like any later one.
    lazyConnect: false,
  });
  let reported = false;
  cache.on('error', (error) => {
    // One line per outage, not one per attempt.
    if (!reported)
      log.warn(
        { err: error },
        'the cache does not answer; rate limits are counted in this process',
      );
    reported = true;
  });
  cache.on('ready', () => (reported = false));
  return cache;
}
