import { Router } from 'express';
import { callerOf } from '../http/caller.ts';
import { jsonBody } from '../http/body.ts';
import { methodNotAllowed } from '../http/errors.ts';
import { sendJson } from '../http/json.ts';
import { unauthorized } from '../http/problem.ts';
import type { UserRepository } from './repository.ts';
import { updateUserBody } from './schema.ts';

export function userRoutes(users: UserRepository): Router {
  const router = Router();
  router
    .route('/api/users/me')
    .get(async (req, res) => sendJson(res, 200, found(await users.find(callerOf(req).userId))))
    .patch(...jsonBody('64kb'), async (req, res) => {
      const change = updateUserBody.parse(req.body);
      sendJson(res, 200, found(await users.update(callerOf(req).userId, change)));
    })
    .all(methodNotAllowed(['GET', 'PATCH']));
  return router;
}

/** A token of a deleted user counts as no token. */
function found(json: string | undefined): string {
  if (json === undefined) throw unauthorized();
  return json;
}
