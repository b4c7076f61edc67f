import type * as provider from '@pulumi/pulumi/provider/index.js';

/**
 * The code behind one resource type of this provider. Bags come as the engine sends them, secrets
 * still wrapped.
 */
export interface ResourceHandler {
  check(urn: string, olds: unknown, news: unknown): Promise<provider.CheckResult>;
  diff(urn: string, olds: unknown, news: unknown): Promise<provider.DiffResult>;
  create(urn: string, news: unknown, signal: AbortSignal): Promise<provider.CreateResult>;
  update(
    urn: string,
    olds: unknown,
    news: unknown,
    signal: AbortSignal,
  ): Promise<provider.UpdateResult>;
  delete(urn: string, olds: unknown): Promise<void>;
  /** Without it, a refresh takes the state as it is. */
  read?(id: string, props: unknown): Promise<provider.ReadResult>;
}
