import { baseImages } from '../docker-engine/baseImages.ts';
import type { EngineApi } from '../docker-engine/engineApi.ts';
import { stackLabels, type StackIdentity } from '../docker-engine/labels.ts';
import type { MigrationFile } from '../release/migrationRun.ts';
import { UserError } from '../config/userError.ts';
import { buildHash } from './buildContext.ts';
import { readMigrationFiles } from './migrationFiles.ts';

/**
 * Says which migrations an image carries, so that a stack that runs a promoted image need not trust
 * its checkout.
 */
export const migrationsLabel = 'dev.slipway.migrations';
export const dockerfile = 'app/Dockerfile';

export interface BuildPlan {
  stack: string;
  name: string;
  context: string;
  buildArgs: Record<string, string>;
  labels: Record<string, string>;
  hash: string;
  migrations: MigrationFile[];
  /** The base image's: `amd64` or `arm64`. */
  architecture: string;
}

/**
 * Finds out what a build of this checkout would be, without building.
 *
 * @throws UserError when the base image is not on the engine
 */
export async function planBuild(identity: StackIdentity, engine: EngineApi): Promise<BuildPlan> {
  const base = engine.reachable ? await engine.image(baseImages.node) : undefined;
  if (engine.reachable && !base) {
    throw new UserError(
      `The base image ${baseImages.node} is not there. \`make up\` fetches or builds it.`,
    );
  }
  const buildArgs = { NODE_IMAGE: baseImages.node };
  const hash = buildHash({
    context: identity.root,
    dockerfile,
    buildArgs,
    // Not its id: that is another one in another store.
    baseImages: base ? [base.content] : [],
  });
  const migrations = await readMigrationFiles(identity.root);
  const labels = {
    ...stackLabels(identity, 'image'),
    [migrationsLabel]: JSON.stringify(migrations.map(migrationRow)),
  };
  // A name of its own for each source and checkout: the provider builds only when it creates, and
  // deletes by name.
  const name = `${identity.project}-${identity.stack}:${hash}`;
  return {
    stack: identity.stack,
    name,
    context: identity.root,
    buildArgs,
    labels,
    hash,
    migrations,
    architecture: base?.architecture ?? process.arch,
  };
}

/** A migration as the label holds it. */
export function migrationRow({
  name,
  checksum,
  phase,
  reversible,
}: Omit<MigrationFile, 'phase'> & { phase?: MigrationFile['phase'] | undefined }): unknown[] {
  return [name, checksum, phase ?? null, reversible];
}
