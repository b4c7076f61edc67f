import { labelKeys } from '../../infra/docker-engine/labels.ts';
import {
  agreed,
  confirmByName,
  docker,
  emulatedBy,
  isDockerStack,
  project,
  requireDockerStack,
  stack,
  stackContainers,
  stackFilter,
} from '../lib/context.ts';
import { messageOf, UserFault } from '../lib/fault.ts';
import { say } from '../lib/progress.ts';
import { explain } from '../pulumi/explain.ts';
import { clearDeadLock, locks, requireUnlocked } from '../pulumi/locks.ts';
import { pulumi, pulumiText } from '../pulumi/runPulumi.ts';
import { stateResources } from '../pulumi/stackState.ts';

/** Stops the stack's containers in the reverse of their order, and keeps them and their data. */
export async function down(): Promise<number> {
  requireDockerStack('down');
  const running = (await stackContainers()).filter(({ State }) => State === 'running').reverse();
  for (const role of new Set(running.map((container) => container.role))) {
    const group = running.filter((container) => container.role === role);
    await Promise.all(group.map(({ Id }) => docker().getContainer(Id).stop()));
    say(`  ✓ ${group.map(({ name }) => name).join(', ')}: stopped`);
  }
  say(running.length === 0 ? `Nothing of stack ${stack} runs.` : 'The data is kept.');
  say(
    `Next: \`make up STACK=${stack}\` starts it again; \`make destroy STACK=${stack}\` deletes it with its data.`,
  );
  return 0;
}

/**
 * Deletes the stack with its data, and then everything that its labels still find. It does so also
 * when the state is lost.
 */
export async function destroy(): Promise<number> {
  await confirmByName(`This deletes stack ${stack} of this checkout with all its data.`);
  await clearDeadLock();
  requireUnlocked();
  if ((await stateResources().catch(() => undefined)) !== undefined) {
    const { code, stderr } = await pulumi(
      'destroy',
      '--stack',
      stack,
      ...(agreed() ? ['--yes'] : []),
      ...(isDockerStack() ? ['--skip-preview'] : []),
    );
    if (code !== 0 && !isDockerStack()) {
      throw (
        explain(stderr) ??
        new UserFault(
          '`pulumi destroy` failed; the reason is above.',
          'Protected resources go once slipway:protect is false and an update has run (docs/configuration.md); then type it again.',
        )
      );
    }
    if (code === 130)
      throw new UserFault('Interrupted.', `\`make destroy STACK=${stack}\` goes on from there.`);
    // On Docker the labels find everything, also without a state that can be read (a lost
    // passphrase).
    const force = code === 0 ? [] : ['--force'];
    if (code !== 0) say('  … pulumi could not do it: removing by labels, and forgetting the state');
    await pulumiText('stack', 'rm', stack, '--yes', '--preserve-config', ...force);
  }
  if (isDockerStack()) await removeLeftovers();
  if (emulatedBy() !== undefined)
    await (await import('../rehearsal/emulator/emulator.ts')).removeEndedTasks(docker());
  say(`Stack ${stack} is gone. Next: \`make up STACK=${stack}\` makes a new one.`);
  return 0;
}

async function removeLeftovers(): Promise<void> {
  const client = docker();
  const removed: string[] = [];
  const faults: string[] = [];
  const remove = async (
    name: string,
    work: () => Promise<unknown>,
    passes = [404],
  ): Promise<void> => {
    try {
      await work();
      removed.push(name);
    } catch (error) {
      const { statusCode = 0 } = error as { statusCode?: number };
      if (!passes.includes(statusCode)) faults.push(`${name}: ${messageOf(error)}`);
    }
  };
  for (const { Id, name } of await stackContainers())
    await remove(name, () => client.getContainer(Id).remove({ force: true, v: true }));
  for (const { Id, Name } of await client.listNetworks({ filters: stackFilter() }))
    await remove(Name, () => client.getNetwork(Id).remove());
  const { Volumes } = await client.listVolumes({ filters: stackFilter() });
  for (const { Name } of Volumes ?? []) await remove(Name, () => client.getVolume(Name).remove());
  for (const image of await client.listImages({ filters: stackFilter('image') })) {
    for (const name of image.RepoTags?.filter((tag) => tag.startsWith(`${project}-`)) ?? [])
      await remove(name, () => client.getImage(name).remove());
    // For an image without a tag. A rehearsal may run it under the name that its registry knows.
    await remove(image.Id.slice(7, 19), () => client.getImage(image.Id).remove(), [404, 409]);
  }
  if (removed.length > 0) say(`  ✓ removed what was left: ${removed.join(', ')}`);
  if (faults.length > 0) {
    throw new UserFault(
      `Not everything could be removed:\n  ${faults.join('\n  ')}`,
      `See \`docker ps -a --filter label=${labelKeys.stack}=${stack}\`, then type it again.`,
    );
  }
}

/** Clears the lock that a killed run has left; refuses while the process that holds it runs. */
export async function unlock(): Promise<number> {
  const held = locks();
  const alive = held.find((lock) => lock.alive === true);
  if (alive) {
    throw new UserFault(
      `Stack ${stack} is locked by process ${alive.pid}, which still runs.`,
      `Wait for it, or stop it first: \`kill -INT ${alive.pid}\`.`,
    );
  }
  if (held.length === 0) say(`Stack ${stack} has no lock that this machine can see.`);
  else await pulumiText('cancel', '--yes', '--stack', stack);
  say(`Next: \`make up STACK=${stack}\` goes on from where the killed run stood.`);
  return 0;
}
