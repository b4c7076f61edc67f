import { Router } from 'express';
import { callerOf } from '../http/caller.ts';
import { jsonBody } from '../http/body.ts';
import { methodNotAllowed } from '../http/errors.ts';
import { sendJson } from '../http/json.ts';
import { notFound } from '../http/problem.ts';
import type { ModelRepository } from './repository.ts';
import { switchBody } from './schema.ts';

export function modelRoutes(models: ModelRepository): Router {
  const router = Router();
  router
    .route('/api/models')
    .get(async (req, res) => sendJson(res, 200, await models.list(callerOf(req).userId)))
    .all(methodNotAllowed(['GET']));
  router
    .route('/api/models/switch')
    .post(...jsonBody('4kb'), async (req, res) => {
      const { modelId } = switchBody.parse(req.body);
      const model = await models.switch(callerOf(req).userId, modelId);
      if (!model) throw notFound('model');
      sendJson(res, 200, model);
    })
    .all(methodNotAllowed(['POST']));
  return router;
}
