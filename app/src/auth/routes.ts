import { Router } from 'express';
import { jsonBody } from '../http/body.ts';
import { methodNotAllowed } from '../http/errors.ts';
import { sendJson } from '../http/json.ts';
import { Problem, unauthorized } from '../http/problem.ts';
import { loginBody, refreshBody, registerBody } from './schema.ts';
import type { AuthService } from './service.ts';
import type { Throttle } from './throttle.ts';

export function authRoutes(service: AuthService, throttle: Throttle): Router {
  const router = Router();
  const body = jsonBody('8kb');

  router
    .route('/api/register')
    .post(...body, async (req, res) => {
      const input = registerBody.parse(req.body);
      await throttle.registering(addressOf(req));
      sendJson(res, 201, await service.register(input));
    })
    .all(methodNotAllowed(['POST']));

  router
    .route('/api/login')
    .post(...body, async (req, res) => {
      const input = loginBody.parse(req.body);
      const address = addressOf(req);
      await throttle.signingIn(address, input.email);
      const pair = await service.signIn(input);
      if (!pair) {
        await throttle.signInFailed(address, input.email);
        throw new Problem(401, 'The e-mail address or the password is wrong.');
      }
      await throttle.signedIn(address, input.email);
      sendJson(res, 200, JSON.stringify(pair));
    })
    .all(methodNotAllowed(['POST']));

  router
    .route('/api/token/refresh')
    .post(...body, async (req, res) => {
      const { refreshToken } = refreshBody.parse(req.body);
      await throttle.refreshing(addressOf(req));
      const pair = await service.refresh(refreshToken, req.log);
      if (!pair) throw unauthorized();
      sendJson(res, 200, JSON.stringify(pair));
    })
    .all(methodNotAllowed(['POST']));

  router
    .route('/api/logout')
    .post(...body, async (req, res) => {
      const { refreshToken } = refreshBody.parse(req.body);
      await service.signOut(refreshToken);
      res.status(204).end();
    })
    .all(methodNotAllowed(['POST']));

  return router;
}

const addressOf = (req: { ip?: string | undefined }): string => req.ip ?? 'unknown';
