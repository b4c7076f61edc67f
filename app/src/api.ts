import { Router } from 'express';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { AccessTokens } from './auth/accessTokens.ts';
import { authenticate } from './auth/authenticate.ts';
import { authRoutes } from './auth/routes.ts';
import { AuthService } from './auth/service.ts';
import { EndedSessions } from './auth/endedSessions.ts';
import { SessionRepository, type Lifetimes } from './auth/sessionRepository.ts';
import { Throttle } from './auth/throttle.ts';
import { ConversationRepository } from './conversations/repository.ts';
import { conversationRoutes } from './conversations/routes.ts';
import { ConversationService } from './conversations/service.ts';
import { Cursors } from './http/cursor.ts';
import { noSuchRoute } from './http/errors.ts';
import { MessageRepository } from './messages/repository.ts';
import { messageRoutes } from './messages/routes.ts';
import { MessageService } from './messages/service.ts';
import { builtinModels } from './models/builtinModels.ts';
import type { ChatModel } from './models/chatModel.ts';
import { ModelRepository } from './models/repository.ts';
import { modelRoutes } from './models/routes.ts';
import type { ServeSettings } from './settings/settings.ts';
import { UserRepository } from './users/repository.ts';
import { userRoutes } from './users/routes.ts';

/** The connections and settings that the routes under /api need. */
export interface ApiServices {
  settings: ServeSettings;
  pool: Pool;
  cache: Redis | undefined;
}

/**
 * Everything under /api: the open routes first, then those that need an access token. A route
 * carries its whole path, which is also its name in the metrics.
 */
export function apiRoutes(
  { settings, pool, cache }: ApiServices,
  models: Readonly<Record<string, ChatModel>> = builtinModels,
): Router {
  const tokens = new AccessTokens(settings.JWT_SECRETS, settings.ACCESS_TOKEN_EXPIRE_MINUTES * 60);
  const cursors = new Cursors(settings.SESSION_HASH_SECRET);
  const users = new UserRepository(pool);
  const ended = new EndedSessions(cache, tokens.lifetimeS);
  const auth = new AuthService(
    users,
    new SessionRepository(pool, lifetimesOf(settings)),
    ended,
    tokens,
    {
      hashSecret: settings.SESSION_HASH_SECRET,
    },
  );
  const throttle = new Throttle(
    cache,
    settings.AUTH_RATE_LIMIT_PER_MINUTE,
    settings.MESSAGE_RATE_LIMIT_PER_MINUTE,
  );

  const router = Router();
  router.use(authRoutes(auth, throttle));
  router.use('/api', authenticate(tokens, ended));
  router.use(userRoutes(users));
  router.use(modelRoutes(new ModelRepository(pool)));
  router.use(
    conversationRoutes(new ConversationService(new ConversationRepository(pool), cursors)),
  );
  const messages = new MessageService(new MessageRepository(pool), models, cursors);
  router.use(messageRoutes(messages, throttle.posting));
  router.use('/api', noSuchRoute);
  return router;
}

/** How long refresh tokens and sessions live. */
export const lifetimesOf = (
  settings: Pick<ServeSettings, 'REFRESH_TOKEN_EXPIRE_DAYS' | 'SESSION_EXPIRE_DAYS'>,
): Lifetimes => ({
  refreshS: settings.REFRESH_TOKEN_EXPIRE_DAYS * 86_400,
  sessionS: settings.SESSION_EXPIRE_DAYS * 86_400,
});
