import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { problem } from '../http/schema.ts';
import { NoAnswer, type SmokeAnswer, type SmokeClient, type SmokeRequest } from './smokeClient.ts';

/** A check got something other than it expected. */
export class Mismatch extends Error {
  readonly expected: string;
  readonly got: string;

  constructor(expected: string, got: string) {
    super(`expected ${expected}, got ${got}`);
    this.expected = expected;
    this.got = got;
  }
}

/** A check cannot run: it builds on the result of an earlier check, and that check failed. */
export class Unmet extends Error {}

/** The shape of a problem with this status. */
export const problemOf = (status: number) => problem.extend({ status: z.literal(status) });

/** One promise of the API. */
export interface SmokeCheck {
  /** A sentence that says what holds. */
  name: string;
  run: (session: SmokeSession) => Promise<void>;
}

/** Somebody who exists for one run. */
export interface SmokeUser {
  handle: string;
  email: string;
  password: string;
  accessToken?: string;
  refreshToken?: string;
  /** The conversations that still exist. The end of the run deletes them. */
  conversations: string[];
}

/** The state that the checks of one run share: the client, two users, and the results so far. */
export class SmokeSession {
  readonly client: SmokeClient;
  readonly ada: SmokeUser;
  readonly bob: SmokeUser;
  /** The model that answers in this run. */
  modelId?: string;
  /** Ada's conversation that most checks use. */
  conversationId?: string;

  constructor(client: SmokeClient) {
    this.client = client;
    const run = randomBytes(5).toString('hex');
    this.ada = this.#user(`smoke-${run}-ada`);
    this.bob = this.#user(`smoke-${run}-bob`);
  }

  /** Sends a request. Compares the answer with a status and, if given, the shape of its body. */
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

  /** Sends a request that has to be answered with a problem of this status. */
  async refused(
    status: number,
    method: string,
    path: string,
    request: SmokeRequest = {},
  ): Promise<void> {
    await this.ask(method, path, { status, shape: problemOf(status) }, request);
  }

  /** Compares two values. @param what such as `the title` */
  same(what: string, expected: unknown, got: unknown): void {
    const [left, right] = [JSON.stringify(expected), JSON.stringify(got)];
    if (left !== right) throw new Mismatch(`${what} to be ${this.show(expected)}`, this.show(got));
  }

  /** The result of an earlier check. @throws {Unmet} when it is missing */
  need<T>(value: T | undefined, what: string): T {
    if (value === undefined) throw new Unmet(`there is no ${what}`);
    return value;
  }

  /** @throws {Unmet} when the person could not sign in */
  tokenOf(person: SmokeUser): string {
    return this.need(person.accessToken, `access token of ${person.handle}`);
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
