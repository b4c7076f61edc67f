import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { docker, isDockerStack, stack, stackContainers, stackFilter } from '../lib/context.ts';
import { messageOf, UserFault } from '../lib/fault.ts';
import { root } from '../lib/paths.ts';
import { say } from '../lib/progress.ts';
import { readYaml } from '../lib/readYaml.ts';
import { explain } from './explain.ts';
import { pulumiText } from './runPulumi.ts';
import { stateResources, type StateResource } from './stackState.ts';
import { usesOwnBackend } from './state.ts';

/** The resources of the stack's state; makes the stack when there is none. */
export async function ensureStack(): Promise<StateResource[]> {
  const resources = await stateResources();
  if ((resources?.length ?? 0) === 0 && isDockerStack()) await refuseLostState();
  if (resources !== undefined) return resources;
  say(`  … stack ${stack}: making it`);
  const file = join(root, `Pulumi.${stack}.yaml`);
  const { secretsprovider } = existsSync(file) ? readYaml(file) : {};
  const key = secretsprovider ? ['--secrets-provider', secretsprovider] : [];
  await pulumiText('stack', 'init', stack, '--no-select', ...key).catch(async (error: unknown) => {
    if (!/unknown flag/.test(messageOf(error))) throw explain(messageOf(error)) ?? error;
    await pulumiText('stack', 'init', stack, ...key);
  });
  return [];
}

/**
 * Refuses a new stack where containers or data of a lost one are left: it would clash with them.
 */
async function refuseLostState(): Promise<void> {
  const { Volumes } = await docker().listVolumes({ filters: stackFilter() });
  const left = [
    ...(await stackContainers()).map(({ name }) => name),
    ...(Volumes ?? []).map(({ Name }) => Name),
  ];
  if (left.length === 0) return;
  const where = usesOwnBackend() ? '.slipway/state' : (process.env['PULUMI_BACKEND_URL'] ?? '');
  throw new UserFault(
    `The state of stack ${stack} is lost (nothing in ${where}), while things of it are still there: ${left.join(', ')}.`,
    `Put the state back from a backup, or delete them with their data: \`make destroy STACK=${stack}\`, then \`make up STACK=${stack}\`.`,
  );
}
