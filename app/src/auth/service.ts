import { createHmac, randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import type { Caller } from '../http/caller.ts';
import { Problem } from '../http/problem.ts';
import type { UserRepository } from '../users/repository.ts';
import type { AccessTokens } from './accessTokens.ts';
import { accountHash, audit } from './audit.ts';
import type { EndedSessions } from './endedSessions.ts';
import { hashPassword, verifyPassword } from './passwords.ts';
import type { LoginBody, RegisterBody } from './schema.ts';
import type { SessionRepository } from './sessionRepository.ts';

export interface TokenPair {
  accessToken: string;
  refreshToken: string;
  tokenType: 'Bearer';
  expiresIn: number;
}

export interface AuthOptions {
  /** The key of the stored hashes of refresh tokens. */
  hashSecret: string;
}

/** Registering, signing in and staying signed in. */
export class AuthService {
  readonly #users: UserRepository;
  readonly #sessions: SessionRepository;
  readonly #ended: EndedSessions;
  readonly #tokens: AccessTokens;
  readonly #options: AuthOptions;

  constructor(
    users: UserRepository,
    sessions: SessionRepository,
    ended: EndedSessions,
    tokens: AccessTokens,
    options: AuthOptions,
  ) {
    this.#users = users;
    this.#sessions = sessions;
    this.#ended = ended;
    this.#tokens = tokens;
    this.#options = options;
  }

  /** @returns the new user as JSON text */
  async register(
    { email, handle, password, displayName }: RegisterBody,
    log: Logger,
  ): Promise<string> {
    // Hashed before the look-up: the time must not tell which accounts exist.
    const passwordHash = await hashPassword(password);
    const id = uuidv7();
    const user = await this.#users.create({
      id,
      email,
      handle,
      displayName: displayName ?? handle,
      passwordHash,
    });
    if (!user) {
      audit(log, 'account-refused', { account: this.#account(email) });
      throw new Problem(409, 'That handle or e-mail address is taken.');
    }
    audit(log, 'account-created', { userId: id });
    return user;
  }

  /** @returns undefined when the address or the password is wrong, without saying which */
  async signIn({ email, password }: LoginBody, log: Logger): Promise<TokenPair | undefined> {
    const user = await this.#users.findCredentials(email);
    if (!(await verifyPassword(user?.passwordHash, password)) || !user) {
      audit(log, 'sign-in-failed', {
        account: this.#account(email),
        ...(user && { userId: user.id }),
      });
      return undefined;
    }
    const refreshToken = newToken();
    const sessionId = uuidv7();
    await this.#sessions.open(sessionId, user.id, this.#hash(refreshToken));
    audit(log, 'signed-in', { userId: user.id, sessionId });
    return this.#pair({ userId: user.id, role: user.role, sessionId }, refreshToken);
  }

  /**
   * @param client what tells this client from others, such as its address
   * @returns undefined when the token is unknown, expired, used before, or its session has ended
   */
  async refresh(refreshToken: string, client: string, log: Logger): Promise<TokenPair | undefined> {
    const successor = newToken();
    const rotation = await this.#sessions.rotate(
      this.#hash(refreshToken),
      this.#hash(successor),
      this.#hash(client),
    );
    if (rotation.outcome === 'reused') {
      const { userId, sessionId } = rotation;
      await this.#ended.add(sessionId);
      audit(log, 'refresh-token-reused', { userId, sessionId });
    }
    return rotation.outcome === 'rotated' ? this.#pair(rotation.caller, successor) : undefined;
  }

  async signOut(refreshToken: string, log: Logger): Promise<void> {
    const ended = await this.#sessions.end(this.#hash(refreshToken));
    if (!ended) return;
    await this.#ended.add(ended.sessionId);
    audit(log, 'signed-out', ended);
  }

  #pair(caller: Caller, refreshToken: string): TokenPair {
    return {
      accessToken: this.#tokens.sign(caller),
      refreshToken,
      tokenType: 'Bearer',
      expiresIn: this.#tokens.lifetimeS,
    };
  }

  #account(email: string): string {
    return accountHash(this.#options.hashSecret, email);
  }

  #hash(token: string): Buffer {
    return createHmac('sha256', this.#options.hashSecret).update(token).digest();
  }
}

const newToken = (): string => randomBytes(32).toString('base64url');
