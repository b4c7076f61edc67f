import type * as provider from '@pulumi/pulumi/provider/index.js';
import type { Unwrap } from '@pulumi/pulumi';
import type { EngineLog } from '../protocol/engineLog.ts';
import type { EcrOptions, RegistryImage } from '../../registry/ecrRegistry.ts';
import { imageTag } from '../../registry/imageTag.ts';
import type { PushOptions } from './dockerPush.ts';
import type { ResourceHandler } from '../protocol/resourceHandler.ts';
import type { ImagePushArgs } from '../../release/imagePush.ts';
import { unwrap } from '../protocol/wire.ts';
import { shortImageId } from '../../release/shortImageId.ts';

type Inputs = Unwrap<ImagePushArgs>;

/** The registry and the engine of a push; tests bring their own. */
export interface PushTools {
  registry(options: EcrOptions): Promise<{
    login(): Promise<{ username: string; password: string }>;
    image(tag: string): Promise<RegistryImage | undefined>;
    publishSbom(image: string, sbom: string): Promise<void>;
  }>;
  push(host: string, options: PushOptions): Promise<void>;
  /** The list of packages in an image; undefined for one of a version that put none there. */
  sbom(host: string, image: string): Promise<string | undefined>;
}

/** The provider's side of ImagePush. */
export class ImagePushHandler implements ResourceHandler {
  readonly #log: EngineLog;
  readonly #tools: PushTools;

  constructor(log: EngineLog, tools: PushTools = realTools) {
    this.#log = log;
    this.#tools = tools;
  }

  async check(_urn: string, _olds: unknown, news: unknown): Promise<provider.CheckResult> {
    return Promise.resolve({ inputs: news });
  }

  /**
   * Another image, or another repository, is another push. It does not matter which engine holds the
   * image.
   */
  async diff(_urn: string, olds: unknown, news: unknown): Promise<provider.DiffResult> {
    const [before, after] = [unwrap(olds) as Inputs, unwrap(news) as Inputs];
    const changed =
      before.image !== after.image ||
      before.registry.host !== after.registry.host ||
      before.registry.repository !== after.registry.repository;
    return Promise.resolve({ changes: changed, replaces: [] });
  }

  async create(urn: string, news: unknown, signal: AbortSignal): Promise<provider.CreateResult> {
    const outs = await this.#push(urn, news, signal);
    return { id: outs.image, outs };
  }

  async update(
    urn: string,
    _olds: unknown,
    news: unknown,
    signal: AbortSignal,
  ): Promise<provider.UpdateResult> {
    return { outs: await this.#push(urn, news, signal) };
  }

  /**
   * The image stays: a rollback may want it, and the repository's lifecycle policy removes it in
   * time.
   */
  async delete(): Promise<void> {}

  async #push(
    urn: string,
    news: unknown,
    signal: AbortSignal,
  ): Promise<Inputs & Record<string, unknown>> {
    const inputs = unwrap(news) as Inputs;
    const { image, registry } = inputs;
    const tag = imageTag(image);
    const repository = `${registry.host}/${registry.repository}`;
    const ecr = await this.#tools.registry(registry);
    let found = await ecr.image(tag);
    if (!found) {
      await this.#log.line(urn, `pushing ${tag} to ${repository}`);
      const pending: Promise<void>[] = [];
      try {
        const login = await ecr.login();
        const onLine = (line: string) => pending.push(this.#log.line(urn, line));
        await this.#tools.push(inputs.dockerHost, {
          image,
          repository,
          tag,
          login,
          signal,
          onLine,
        });
      } catch (error) {
        throw new Error(explain(image, repository, (error as Error).message), { cause: error });
      } finally {
        await Promise.all(pending);
      }
      found = await ecr.image(tag);
    } else {
      await this.#log.line(urn, `${tag} is in ${repository} already`);
    }
    if (found?.configDigest !== image) {
      const is = found ? `is ${found.configDigest || 'a list of images'}` : 'is not there';
      throw new Error(
        explain(
          image,
          repository,
          `read back, tag ${tag} ${is}. Delete that tag in the repository, then run the update again`,
        ),
      );
    }
    await this.#publishSbom(urn, inputs, ecr);
    const { repoDigest } = found;
    return { ...inputs, repoDigest, reference: `${repository}@${repoDigest}` };
  }

  /** Without it the image runs as well: a fault is a warning. */
  async #publishSbom(
    urn: string,
    { image, dockerHost }: Inputs,
    registry: Awaited<ReturnType<PushTools['registry']>>,
  ): Promise<void> {
    try {
      const sbom = await this.#tools.sbom(dockerHost, image);
      if (sbom !== undefined) await registry.publishSbom(image, sbom);
    } catch (error) {
      const reason = (error as Error).message;
      await this.#log.line(urn, `The list of its packages is not beside it: ${reason}`, 'warning');
    }
  }
}

function explain(image: string, repository: string, reason: string): string {
  return `The image ${shortImageId(image)} did not get into ${repository}: ${reason.replace(/\.$/, '')}.\nNothing that serves was touched.`;
}

/** Loaded when there is something to push: most updates push nothing. */
const realTools: PushTools = {
  async registry(options) {
    const { EcrRegistry } = await import('../../registry/ecrRegistry.ts');
    return new EcrRegistry(options);
  },
  async push(host, options) {
    const { dockerPush } = await import('./dockerPush.ts');
    return dockerPush(host, options);
  },
  async sbom(host, image) {
    const { imageSbom } = await import('../../docker-engine/imageSbom.ts');
    return imageSbom(host, image);
  },
};
