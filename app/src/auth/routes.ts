import { Router, type Request } from 'express';
import type { Logger } from 'pino';
import { jsonBody } from '../http/body.ts';
import { addressOf, networkOf } from '../http/clientAddress.ts';
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
      const address = addressOf(req);
      await throttle.registering(address);
      try {
        sendJson(res, 201, await service.register(input, logOf(req)));
      } catch (error) {
        if (error instanceof Problem && error.status === 409) await throttle.refused(address);
        throw error;
      }
    })
    .all(methodNotAllowed(['POST']));

  router
    .route('/api/login')
    .post(...body, async (req, res) => {
      const input = loginBody.parse(req.body);
      const address = addressOf(req);
      await throttle.signingIn(address, input.email);
      const pair = await service.signIn(input, logOf(req));
      if (!pair) throw new Problem(401, 'The e-mail address or the password is wrong.');
      await throttle.signedIn(address, input.email);
      sendJson(res, 200, JSON.stringify(pair));
    })
    .all(methodNotAllowed(['POST']));

  router
    .route('/api/token/refresh')
    .post(...body, async (req, res) => {
      const { refreshToken } = refreshBody.parse(req.body);
      await throttle.refreshing(addressOf(req));
      const pair = await service.refresh(refreshToken, clientOf(req), logOf(req));
      if (!pair) throw unauthorized();
      sendJson(res, 200, JSON.stringify(pair));
    })
    .all(methodNotAllowed(['POST']));

  router
    .route('/api/logout')
    .post(...body, async (req, res) => {
      const { refreshToken } = refreshBody.parse(req.body);
      await service.signOut(refreshToken, logOf(req));
      res.status(204).end();
    })
    .all(methodNotAllowed(['POST']));

  return router;
}

/** What tells one client from another: its network, and the program that it says it is. */
const clientOf = (req: Request): string =>
  `client\n${networkOf(addressOf(req))}\n${req.get('user-agent') ?? ''}`;

/** The audit trail tells the client's address in each line. */
const logOf = (req: Request): Logger => req.log.child({ client: addressOf(req) });
