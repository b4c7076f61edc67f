import { join } from 'node:path';
import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import type { Config } from '../config/config.ts';
import type { StackIdentity } from '../docker-engine/labels.ts';
import { bringPackages } from './npmPackages.ts';
import type { AppImage } from '../platform.ts';
import type { MigrationFile } from '../release/migrationRun.ts';
import { UserError } from '../config/userError.ts';
import { verifiedImage } from './verifiedImage.ts';
import { dockerfile, migrationsLabel, planBuild, type BuildPlan } from './buildPlan.ts';
import type { EngineApi } from '../docker-engine/engineApi.ts';
import { builtFrom } from './builtFrom.ts';
import { onEngine, type ImageStore } from './imageStore.ts';

/** Registers the image. The provider is asked for only when there is something to build. */
export type ImageMaker = (provider: () => docker.Provider) => AppImage;

/**
 * Decides which image the stack runs: one that exists, or one that is built from this checkout.
 *
 * @returns what registers it
 * @throws UserError when an image that must exist is not on the engine
 */
export async function surveyImage(
  config: Config,
  identity: StackIdentity,
  engine: EngineApi,
): Promise<ImageMaker> {
  const imageId = await namedImage(config);
  if (imageId !== undefined) return existingImage(imageId, onEngine(engine), config.imageFrom);
  const plan = await planBuild(identity, engine);
  if (!pulumi.runtime.isDryRun()) await bringPackages(plan.context, plan.architecture);
  const built = await builtFrom(plan);
  return (provider) => ({ ...buildImage(plan, engine, { provider: provider() }), built });
}

/** Id of the image that a stack is to run; undefined where it builds one. */
export async function namedImage({ image, imageFrom }: Config): Promise<string | undefined> {
  return image ?? (imageFrom === undefined ? undefined : verifiedImage(imageFrom));
}

/** Builds the app image, once for each content of its build context. */
function buildImage(
  plan: BuildPlan,
  engine: EngineApi,
  opts: pulumi.CustomResourceOptions,
): AppImage {
  const image = new docker.RemoteImage(
    'app-image',
    {
      name: plan.name,
      build: {
        context: plan.context,
        dockerfile,
        buildArgs: plan.buildArgs,
        label: plan.labels,
        // Nothing to fetch: the packages are in the context.
        networkMode: 'none',
        forceRemove: true,
        // The provider's error is one line; \`make up\` shows the end of this when a build fails.
        buildLogFile: join(plan.context, '.slipway', `build-${plan.stack}.log`),
      },
      triggers: { hash: plan.hash },
      // An older image under deletion may be the very one that a step back has just named again:
      // the rollout cleans up.
      keepLocally: true,
    },
    // Deleting first would take everything that runs the image with it, before the new one is known
    // to be good.
    { ...opts, deleteBeforeReplace: false },
  );
  const engineId = image.imageId;
  const imageId = engineId.apply(async (id) =>
    engine.reachable ? ((await engine.image(id))?.imageId ?? id) : id,
  );
  return { imageId, engineId, migrations: pulumi.output(plan.migrations) };
}

/**
 * An image that exists already, by its id: nothing is built.
 *
 * @param from the stack that verified it, where it was taken from one
 * @throws UserError when it is nowhere, or when it does not say which migrations it
 *   carries
 */
export async function existingImage(
  imageId: string,
  store: ImageStore,
  from: string | undefined,
): Promise<ImageMaker> {
  const found = await store.image(imageId);
  if (!found) {
    const make = from
      ? `or release it anew: \`make up STACK=${from}\``
      : 'or set slipway:build to true';
    throw new UserError(
      `The image ${imageId} is not on ${store.place}. Load it on the engine, ${make}.`,
    );
  }
  const label = found.labels[migrationsLabel];
  if (!label) {
    throw new UserError(
      `The image ${imageId} has no label ${migrationsLabel}: it was not built by this project.`,
    );
  }
  const image = {
    imageId: pulumi.output(found.imageId),
    engineId: pulumi.output(found.id),
    migrations: pulumi.output(parseMigrations(label)),
  };
  return () => image;
}

function parseMigrations(label: string): MigrationFile[] {
  const rows = JSON.parse(label) as [
    string,
    string,
    MigrationFile['phase'] | null,
    boolean | undefined,
  ][];
  return rows.map(([name, checksum, phase, reversible]) => ({
    name,
    checksum,
    ...(phase && { phase }),
    ...(reversible !== undefined && { reversible }),
  }));
}
