import { Router } from 'express';
import { callerOf } from '../http/caller.ts';
import { jsonBody } from '../http/body.ts';
import { methodNotAllowed } from '../http/errors.ts';
import { sendJson } from '../http/json.ts';
import { notFound } from '../http/problem.ts';
import { pageQuery, uuid } from '../http/schema.ts';
import { createConversationBody, updateConversationBody } from './schema.ts';
import type { ConversationService } from './service.ts';

export function conversationRoutes(service: ConversationService): Router {
  const router = Router();
  const body = jsonBody('16kb');

  router
    .route('/api/conversations')
    .post(...body, async (req, res) => {
      const input = createConversationBody.parse(req.body ?? {});
      sendJson(res, 201, await service.create(callerOf(req).userId, input));
    })
    .get(async (req, res) => {
      const { limit, cursor } = pageQuery.parse(req.query);
      sendJson(res, 200, await service.list(callerOf(req).userId, limit, cursor));
    })
    .all(methodNotAllowed(['GET', 'POST']));

  router
    .route('/api/conversations/:id')
    .get(async (req, res) =>
      sendJson(res, 200, await service.find(callerOf(req).userId, idOf(req.params.id))),
    )
    .patch(...body, async (req, res) => {
      const input = updateConversationBody.parse(req.body);
      sendJson(res, 200, await service.update(callerOf(req).userId, idOf(req.params.id), input));
    })
    .delete(async (req, res) => {
      await service.delete(callerOf(req).userId, idOf(req.params.id));
      res.status(204).end();
    })
    .all(methodNotAllowed(['GET', 'PATCH', 'DELETE']));

  return router;
}

/** The id in a path. Text that is not a UUID names no conversation. */
export function idOf(value: string): string {
  if (!uuid.safeParse(value).success) throw notFound('conversation');
  return value.toLowerCase();
}
