import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { openDatabase, servePool } from '../database/database.ts';
import { createListener } from '../listener.ts';
import { Lifecycle } from '../process/lifecycle.ts';
import { createLog } from '../process/log.ts';
import { lifetimesOf } from '../api.ts';
import { SessionRepository } from '../auth/sessionRepository.ts';
import { createServer } from '../server.ts';
import { readConfig } from '../settings/config.ts';
import { serveSettings } from '../settings/settings.ts';

/** `serve`: the API. Returns after a signal to stop, when the requests in flight have finished. */
export async function serve(env: NodeJS.ProcessEnv): Promise<number> {
  const settings = readConfig(serveSettings, env);
  const log = createLog(settings.LOG_LEVEL, settings.RELEASE);
  const pool = openDatabase(servePool(settings), log);
  // Loaded only if there is a cache: the client takes a tenth of the start.
  const cache = settings.CACHE_URL
    ? (await import('../cache/cache.ts')).openCache(settings.CACHE_URL, log)
    : undefined;
  const lifecycle = new Lifecycle();
  const app = createServer({ settings, pool, cache, log, lifecycle });
  const server = createListener(app, lifecycle);

  // After an uncaught error the state is unknown. The platform starts a new process.
  const fatal = (error: unknown): void => {
    log.fatal({ err: error }, 'an error nobody caught; stopping');
    process.exit(1);
  };
  process.on('uncaughtException', fatal).on('unhandledRejection', fatal);

  const stopped = new Promise<NodeJS.Signals>((resolve) => {
    process.once('SIGTERM', resolve).once('SIGINT', resolve);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(settings.PORT, settings.HOST, resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  log.info({ address, port }, 'listening');

  const purge = purgeSessions(new SessionRepository(pool, lifetimesOf(settings)), log);
  const signal = await stopped;
  clearInterval(purge);
  log.info({ signal }, 'stopping: no new connections, finishing requests in flight');
  await lifecycle.drain(server, settings.SHUTDOWN_TIMEOUT_MS, log);
  cache?.disconnect();
  // A query that outlives its request must not keep the process alive. Postgres ends the query when
  // the connection closes.
  await Promise.race([pool.end(), new Promise((resolve) => setTimeout(resolve, 1_000).unref())]);
  log.info('stopped');
  return 0;
}

const hourMs = 3_600_000;

/** Every hour, deletes what is left of sessions that have expired. */
function purgeSessions(sessions: SessionRepository, log: Logger): NodeJS.Timeout {
  const purge = async (): Promise<void> => {
    try {
      let deleted = 0;
      for (let more = true; more;) {
        const batch = await sessions.purge();
        deleted += batch.deleted;
        ({ more } = batch);
      }
      if (deleted > 0) log.info({ deleted }, 'deleted expired refresh tokens');
    } catch (error) {
      log.warn(
        { err: error },
        'expired refresh tokens could not be deleted; the next hour tries again',
      );
    }
  };
  return setInterval(() => void purge(), hourMs).unref();
}
