import type * as provider from '@pulumi/pulumi/provider/index.js';
import type { EngineLog } from './protocol/engineLog.ts';
import { ImagePushHandler } from './image-push/imagePushHandler.ts';
import { MigrationHandler } from './migrations/migrationHandler.ts';
import type { ResourceHandler } from './protocol/resourceHandler.ts';
import { RolloutHandler } from './rollout/rolloutHandler.ts';

/**
 * The provider behind `ImagePush`, `MigrationRun` and `Rollout`: hands each call to the handler of
 * the resource's type.
 */
export class SlipwayProvider implements provider.Provider {
  readonly version = '0.1.0';
  readonly #handlers: Record<string, ResourceHandler>;
  readonly #cancelled = new AbortController();
  #running: Promise<unknown>[] = [];

  constructor(log: EngineLog) {
    this.#handlers = {
      'slipway:index:ImagePush': new ImagePushHandler(log),
      'slipway:index:MigrationRun': new MigrationHandler(log),
      'slipway:index:Rollout': new RolloutHandler(log),
    };
  }

  async check(urn: string, olds: unknown, news: unknown): Promise<provider.CheckResult> {
    return this.#handler(urn).check(urn, olds, news);
  }

  async diff(_id: string, urn: string, olds: unknown, news: unknown): Promise<provider.DiffResult> {
    return this.#handler(urn).diff(urn, olds, news);
  }

  async create(urn: string, news: unknown): Promise<provider.CreateResult> {
    return this.#track(this.#handler(urn).create(urn, news, this.#cancelled.signal));
  }

  async update(
    _id: string,
    urn: string,
    olds: unknown,
    news: unknown,
  ): Promise<provider.UpdateResult> {
    return this.#track(this.#handler(urn).update(urn, olds, news, this.#cancelled.signal));
  }

  async read(id: string, urn: string, props?: unknown): Promise<provider.ReadResult> {
    return (await this.#handler(urn).read?.(id, props)) ?? { id, props };
  }

  async delete(_id: string, urn: string, olds: unknown): Promise<void> {
    return this.#handler(urn).delete(urn, olds);
  }

  /** Comes on Ctrl-C, and also at the end of every run, when there is nothing to stop. */
  async cancel(): Promise<void> {
    this.#cancelled.abort();
    await Promise.allSettled(this.#running);
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#running.push(work);
    try {
      return await work;
    } finally {
      this.#running = this.#running.filter((other) => other !== work);
    }
  }

  #handler(urn: string): ResourceHandler {
    // urn:pulumi:<stack>::<project>::<parent types>$<type>::<name>
    const type = (urn.split('::')[2] ?? '').split('$').at(-1) ?? '';
    const handler = this.#handlers[type];
    if (!handler) throw new Error(`The slipway provider has no resource type ${type}.`);
    return handler;
  }
}
