import { randomBytes } from 'node:crypto';
import type * as z from 'zod';
import type { SmokeClient } from './smokeClient.ts';
import { NoAnswer, type SmokeAnswer, type SmokeRequest } from './smokeClient.ts';

/** What a check expected is not what it got. */
export class Mismatch extends Error {
  readonly expected: string;
  readonly got: string;

  constructor(expected: string, got: string) {
    super(`expected ${expected}, got ${got}`);
    this.expected = expected;
    this.got = got;
  }
}

/**
 * A check cannot run, because what it builds on is missing: the check that was to bring it has
 * failed.
 */
export class Unmet extends Error {}

/** Somebody who exists for one run. */
export interface SmokeUser {
  handle: string;
  email: string;
  password: string;
  accessToken?: string;
  refreshToken?: string;
  /** The conversations that are still there, to be deleted at the end. */
  conversations: string[];
}

/**
 * What the checks of one run share: the client, two users who exist for this run, and what has been
 * learned so far.
 */
export class SmokeSession {
  readonly client: SmokeClient;
  readonly ada: SmokeUser;
  readonly bob: SmokeUser;
  /** The model that answers in this run. */
  modelId?: string;
  /** The conversation of ada's that most checks are about. */
  conversationId?: string;

  constructor(client: SmokeClient) {
    this.client = client;
    const run = randomBytes(5).toString('hex');
    this.ada = this.#user(`smoke-${run}-ada`);
    this.bob = this.#user(`smoke-${run}-bob`);
  }

  /**
   * Sends a request and holds the answer against a status and, where given, the documented shape of
   * its body.
   */
  async ask<T extends z.ZodType = z.ZodUnknown>(
    method: string,
    path: string,
    expected: { status: number; shape?: T },
    request: SmokeRequest = {},
  ): Promise<{ body: z.output<T>; headers: Headers }> {
    const answer = await this.#send(method, path, request);
    if (answer.status !== expected.status) {
      throw new Mismatch(
        `${answer.request} to answer ${expected.status}`,
        `${answer.status} ${this.show(answer.body)}`,
      );
    }
    if (!expected.shape) return { body: answer.body as z.output<T>, headers: answer.headers };
    const parsed = expected.shape.safeParse(answer.body);
    if (parsed.success) return { body: parsed.data, headers: answer.headers };
    const faults = parsed.error.issues
      .slice(0, 3)
      .map(({ path: at, message }) => `${at.join('.') || 'body'}: ${message}`);
    throw new Mismatch(
      `${answer.request} to answer with the documented body`,
      `${faults.join('; ')} in ${this.show(answer.body)}`,
    );
  }

  /** Holds one value against another. @param what such as `the title` */
  same(what: string, expected: unknown, got: unknown): void {
    const [left, right] = [JSON.stringify(expected), JSON.stringify(got)];
    if (left !== right) throw new Mismatch(`${what} to be ${this.show(expected)}`, this.show(got));
  }

  /** What an earlier check has brought. @throws {Unmet} */
  need<T>(value: T | undefined, what: string): T {
    if (value === undefined) throw new Unmet(`there is no ${what}`);
    return value;
  }

  show(value: unknown): string {
    return this.client.show(value ?? 'nothing');
  }

  async #send(method: string, path: string, request: SmokeRequest): Promise<SmokeAnswer> {
    try {
      return await this.client.call(method, path, request);
    } catch (error) {
      if (error instanceof NoAnswer)
        throw new Mismatch(`${method} ${path} to be answered`, error.message);
      throw error;
    }
  }

  #user(handle: string): SmokeUser {
    const password = randomBytes(18).toString('base64url');
    this.client.hide(password);
    return { handle, email: `${handle}@example.com`, password, conversations: [] };
  }
}
