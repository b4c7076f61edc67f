import { Router } from 'express';
import { AccessTokens } from './auth/accessTokens.ts';
import { authenticate } from './auth/authenticate.ts';
import { authRoutes } from './auth/routes.ts';
import { AuthService } from './auth/service.ts';
import { SessionRepository } from './auth/sessionRepository.ts';
import { Throttle } from './auth/throttle.ts';
import { ConversationRepository } from './conversations/repository.ts';
import { conversationRoutes } from './conversations/routes.ts';
import { ConversationService } from './conversations/service.ts';
import { MessageRepository } from './messages/repository.ts';
import { messageRoutes } from './messages/routes.ts';
import { MessageService } from './messages/service.ts';
import { builtinModels } from './models/builtinModels.ts';
import type { ChatModel } from './models/chatModel.ts';
import { ModelRepository } from './models/repository.ts';
import { modelRoutes } from './models/routes.ts';
import { Cursors } from './http/cursor.ts';
import { noSuchRoute } from './http/errors.ts';
import type { Services } from './server.ts';
import { UserRepository } from './users/repository.ts';
import { userRoutes } from './users/routes.ts';

/**
 * Everything under /api: what is open first, then what needs an access token. Routes carry their
 * whole path, which is also their name in the metrics.
 */
export function apiRoutes(
  { settings, pool, cache }: Services,
  models: Readonly<Record<string, ChatModel>> = builtinModels,
): Router {
  const tokens = new AccessTokens(settings.JWT_SECRETS, settings.ACCESS_TOKEN_EXPIRE_MINUTES * 60);
  const cursors = new Cursors(settings.SESSION_HASH_SECRET);
  const users = new UserRepository(pool);
  const auth = new AuthService(users, new SessionRepository(pool), tokens, {
    hashSecret: settings.SESSION_HASH_SECRET,
    refreshLifetimeS: settings.REFRESH_TOKEN_EXPIRE_DAYS * 86_400,
  });

  const router = Router();
  router.use(authRoutes(auth, new Throttle(cache, settings.AUTH_RATE_LIMIT_PER_MINUTE)));
  router.use('/api', authenticate(tokens));
  router.use(userRoutes(users));
  router.use(modelRoutes(new ModelRepository(pool)));
  router.use(
    conversationRoutes(new ConversationService(new ConversationRepository(pool), cursors)),
  );
  router.use(messageRoutes(new MessageService(new MessageRepository(pool), models, cursors)));
  router.use('/api', noSuchRoute);
  return router;
}
