import { createHmac, randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import type { Caller } from '../http/caller.ts';
import { Problem } from '../http/problem.ts';
import type { UserRepository } from '../users/repository.ts';
import type { AccessTokens } from './accessTokens.ts';
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
  refreshLifetimeS: number;
}

/** Registering, signing in and staying signed in. */
export class AuthService {
  readonly #users: UserRepository;
  readonly #sessions: SessionRepository;
  readonly #tokens: AccessTokens;
  readonly #options: AuthOptions;

  constructor(
    users: UserRepository,
    sessions: SessionRepository,
    tokens: AccessTokens,
    options: AuthOptions,
  ) {
    this.#users = users;
    this.#sessions = sessions;
    this.#tokens = tokens;
    this.#options = options;
  }

  /** @returns the new user as JSON text */
  async register({ email, handle, password, displayName }: RegisterBody): Promise<string> {
    // Hashed before the look-up: the time must not tell which accounts exist.
    const passwordHash = await hashPassword(password);
    const user = await this.#users.create({
      id: uuidv7(),
      email,
      handle,
      displayName: displayName ?? handle,
      passwordHash,
    });
    if (!user) throw new Problem(409, 'That handle or e-mail address is taken.');
    return user;
  }

  /** @returns undefined when the address or the password is wrong, without saying which */
  async signIn({ email, password }: LoginBody): Promise<TokenPair | undefined> {
    const user = await this.#users.findCredentials(email);
    if (!(await verifyPassword(user?.passwordHash, password)) || !user) return undefined;
    const refreshToken = newToken();
    await this.#sessions.open(
      uuidv7(),
      user.id,
      this.#hash(refreshToken),
      this.#options.refreshLifetimeS,
    );
    return this.#pair({ userId: user.id, role: user.role }, refreshToken);
  }

  /**
   * @returns undefined when the token is unknown, expired, used before, or its session has ended
   */
  async refresh(refreshToken: string, log: Logger): Promise<TokenPair | undefined> {
    const successor = newToken();
    const rotation = await this.#sessions.rotate(
      this.#hash(refreshToken),
      this.#hash(successor),
      this.#options.refreshLifetimeS,
    );
    if (rotation.outcome === 'reused')
      log.warn('a refresh token was used twice; its session has been ended');
    return rotation.outcome === 'rotated' ? this.#pair(rotation.caller, successor) : undefined;
  }

  signOut(refreshToken: string): Promise<void> {
    return this.#sessions.end(this.#hash(refreshToken));
  }

  #pair(caller: Caller, refreshToken: string): TokenPair {
    return {
      accessToken: this.#tokens.sign(caller),
      refreshToken,
      tokenType: 'Bearer',
      expiresIn: this.#tokens.lifetimeS,
    };
  }

  #hash(token: string): Buffer {
    return createHmac('sha256', this.#options.hashSecret).update(token).digest();
  }
}

const newToken = (): string => randomBytes(32).toString('base64url');
