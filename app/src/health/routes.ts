import { hostname } from 'node:os';
import { Router } from 'express';
import type { Lifecycle } from '../process/lifecycle.ts';
import { Problem } from '../http/problem.ts';
import type { ReadinessProbe } from './readiness.ts';

/** Liveness: the process answers. Readiness: the process can do its work. */
export function healthRoutes(release: string, probe: ReadinessProbe, lifecycle: Lifecycle): Router {
  const router = Router();
  let wasReady: boolean | undefined;
  const alive = JSON.stringify({ status: 'ok', release, instance: hostname() });

  router.get('/health', (_req, res) => {
    res.type('json').setHeader('cache-control', 'no-store').end(alive);
  });

  router.get('/health/ready', async (req, res) => {
    if (lifecycle.draining) throw new Problem(503, 'This instance is shutting down.');
    const { ready, checks, pending } = await probe.check();
    // One line when it changes, not one per probe.
    if (ready !== wasReady)
      req.log[ready ? 'info' : 'warn']({ checks, pending }, ready ? 'ready' : 'not ready');
    wasReady = ready;
    if (!ready)
      throw new Problem(503, 'This instance is not ready.', {
        extensions: { checks, pending, release },
      });
    res.setHeader('cache-control', 'no-store').json({ status: 'ready', release, checks });
  });

  return router;
}
