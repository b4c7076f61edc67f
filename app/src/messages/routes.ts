import { Router } from 'express';
import { callerOf } from '../http/caller.ts';
import { idOf } from '../conversations/routes.ts';
import { jsonBody, largestBody } from '../http/body.ts';
import { methodNotAllowed } from '../http/errors.ts';
import { sendJson } from '../http/json.ts';
import { idempotencyKey, messageQuery, postMessageBody } from './schema.ts';
import type { MessageService } from './service.ts';

/** @param posting throws when the person has posted too much */
export function messageRoutes(
  service: MessageService,
  posting: (userId: string) => Promise<void>,
): Router {
  const router = Router();
  router
    .route('/api/conversations/:id/messages')
    .post(...jsonBody(largestBody), async (req, res) => {
      const { content } = postMessageBody.parse(req.body);
      const key = idempotencyKey.parse(req.get('idempotency-key'));
      await posting(callerOf(req).userId);
      const gone = new AbortController();
      res.once('close', () => gone.abort());
      const { json, replayed } = await service.post(
        callerOf(req).userId,
        idOf(req.params.id),
        content,
        key,
        gone.signal,
        req.log,
      );
      if (replayed) res.setHeader('idempotency-replayed', 'true');
      sendJson(res, 201, json);
    })
    .get(async (req, res) => {
      const query = messageQuery.parse(req.query);
      sendJson(res, 200, await service.list(callerOf(req).userId, idOf(req.params.id), query));
    })
    .all(methodNotAllowed(['GET', 'POST']));
  return router;
}
