import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { project, stack } from '../lib/context.ts';
import { say } from '../lib/progress.ts';
import { clearDeadLock, requireUnlocked } from './locks.ts';
import { pulumiText } from './runPulumi.ts';
import { stateFolder, usesOwnBackend } from './state.ts';

/** A resource as the state holds it. */
export interface StateResource {
  type: string;
  urn?: string;
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

/** The resources of a stack's state; undefined when there is no such stack. */
export async function stateResources(of = stack): Promise<StateResource[] | undefined> {
  type Checkpoint = { resources?: StateResource[] };
  if (usesOwnBackend()) {
    const file = join(stateFolder, 'stacks', project, `${of}.json`);
    if (!existsSync(file)) return undefined;
    return (
      (JSON.parse(readFileSync(file, 'utf8')) as { checkpoint?: { latest?: Checkpoint } })
        .checkpoint?.latest?.resources ?? []
    );
  }
  const stacks = JSON.parse(await pulumiText('stack', 'ls', '--json')) as { name: string }[];
  if (!stacks.some(({ name }) => name.split('/').at(-1) === of)) return undefined;
  const exported = JSON.parse(await pulumiText('stack', 'export', '--stack', of)) as {
    deployment: Checkpoint;
  };
  return exported.deployment.resources ?? [];
}

export async function stackOutputs(): Promise<Record<string, unknown>> {
  return JSON.parse(
    await pulumiText('stack', 'output', '--stack', stack, '--json', '--show-secrets'),
  ) as Record<string, unknown>;
}

/**
 * Forgets a stack, if there is one, whose resources are gone with the emulator that held them in
 * its memory.
 */
export async function forgetStack(): Promise<void> {
  const resources = (await stateResources().catch(() => undefined)) ?? [];
  if (resources.length === 0) return;
  await clearDeadLock();
  requireUnlocked();
  await pulumiText('stack', 'rm', stack, '--yes', '--force', '--preserve-config');
  say(
    `  … stack ${stack}: forgotten; its ${resources.length} resources were in the memory of an emulator that is gone`,
  );
}
