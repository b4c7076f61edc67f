import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stack } from '../../lib/context.ts';
import { UserFault } from '../../lib/fault.ts';
import { privateDir } from '../../lib/paths.ts';
import { pulumiText } from '../../pulumi/runPulumi.ts';
import { stackOutputs, stateResources, type StateResource } from '../../pulumi/stackState.ts';

/** The release that serves, and has to serve again in the end. */
export interface Base {
  url: string;
  /** Image id, `sha256:…`. */
  release: string;
}

/** The release that serves now, by the stack's outputs. */
export async function servingBase(): Promise<Base> {
  const { url, release } = await stackOutputs();
  if (typeof url === 'string' && typeof release === 'string') return { url, release };
  throw new UserFault(
    `Stack ${stack} does not serve.`,
    `\`make rehearse STACK=${stack}\` brings it up.`,
  );
}

/** By the state: the one resource of a type that a stack has one of. */
export async function resourceOf(type: string): Promise<StateResource | undefined> {
  return (await stateResources())?.find((resource) => resource.type === type);
}

/** Names of the database's migrations, by the state. */
export async function migrationsInState(): Promise<{ carried: string[]; ahead: string[] }> {
  const { outputs = {} } = (await resourceOf('slipway:index:MigrationRun')) ?? {};
  const names = (key: string): string[] =>
    ((outputs[key] ?? []) as { name: string }[]).map(({ name }) => name);
  return { carried: names('files'), ahead: names('ahead') };
}

/**
 * Migrations that a newer image has left in the database. The runner refuses one more behind them
 * from an image that lacks them.
 */
export async function migrationsLeftByNewer(): Promise<string[]> {
  return (await migrationsInState()).ahead;
}

/**
 * Takes a reverted migration out of the state, which lists it as left by a newer image: no update
 * looks into the database.
 */
export async function forgetApplied(migration: string): Promise<void> {
  const text = await pulumiText('stack', 'export', '--stack', stack);
  const state = JSON.parse(text) as { deployment: { resources: StateResource[] } };
  for (const { type, inputs, outputs } of state.deployment.resources) {
    if (type !== 'slipway:index:MigrationRun') continue;
    for (const part of [inputs, outputs]) {
      const ahead = part?.['ahead'] as { name: string }[] | undefined;
      if (part && ahead) part['ahead'] = ahead.filter(({ name }) => name !== migration);
    }
  }
  const file = join(privateDir, 'rehearsal', 'state.json');
  writeFileSync(file, JSON.stringify(state), { mode: 0o600 });
  try {
    await pulumiText('stack', 'import', '--stack', stack, '--file', file);
  } finally {
    rmSync(file);
  }
}
