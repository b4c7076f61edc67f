import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { split } from 'shlex';
import { emulatorEndpointOf } from '../../infra/config/emulator.ts';
import { dockerHost } from '../../infra/docker-engine/host.ts';
import { labelKeys, type StackIdentity } from '../../infra/docker-engine/labels.ts';
import { dockerClient } from '../../infra/docker-engine/dockerClient.ts';
import { UserFault } from './fault.ts';
import { root } from './paths.ts';
import { readYaml } from './readYaml.ts';

export const project = 'slipway';
export const stack = process.env['STACK'] || 'dev';
export const identity: StackIdentity = { project, stack, root };

/** The words in ARGS as a shell would quote them. Nothing in them is expanded or executed. */
export function extraArgs(text: string = process.env['ARGS'] ?? ''): string[] {
  try {
    return split(text);
  } catch (error) {
    throw new UserFault(
      `ARGS cannot be split into words: ${(error as Error).message}.`,
      `Close each quote, such as ARGS="repair 0002_models --reason='a comment only'".`,
      { cause: error },
    );
  }
}

/** A value of a stack's file, without asking the engine for it. */
export function stackConfig(key: string, of = stack, namespace = project): unknown {
  const file = join(root, `Pulumi.${of}.yaml`);
  if (!existsSync(file)) return undefined;
  return readYaml(file).config?.[`${namespace}:${key}`];
}

/** The region of a stack on AWS; where its file names none, the one whose prices are known best. */
export function awsRegion(): string {
  const region = stackConfig('region', stack, 'aws');
  return typeof region === 'string' ? region : 'us-east-1';
}

/** Whether this stack runs on Docker, or has yet to say. */
export function isDockerStack(): boolean {
  return stackConfig('platform') !== 'aws';
}

export function requireDockerStack(verb: string): void {
  if (!isDockerStack()) {
    throw new UserFault(
      `\`make ${verb}\` is for stacks on Docker; ${stack} is on AWS.`,
      `Name another: \`make ${verb} STACK=dev\`.`,
    );
  }
}

/** The endpoint of the emulator that this stack is on; undefined when it is on Docker or on AWS. */
export function emulatedBy(): string | undefined {
  return emulatorEndpointOf({
    platform: stackConfig('platform'),
    awsEndpoint: stackConfig('awsEndpoint'),
    registryHost: stackConfig('registryHost'),
  });
}

/**
 * Whether Pulumi need not ask: on AWS a person reads the preview and says yes, or CONFIRM has named
 * the stack before.
 */
export function agreed(): boolean {
  return isDockerStack() || emulatedBy() !== undefined || process.env['CONFIRM'] === stack;
}

export const docker = () => dockerClient(dockerHost());

/** The filter by which Docker lists what belongs to this stack of this checkout. */
export function stackFilter(role?: string): { label: string[] } {
  const labels = { [labelKeys.project]: project, [labelKeys.stack]: stack, [labelKeys.root]: root };
  return {
    label: Object.entries({ ...labels, ...(role ? { [labelKeys.role]: role } : {}) }).map((pair) =>
      pair.join('='),
    ),
  };
}

/** This stack's containers, running or not, in the order in which they start. */
export async function stackContainers() {
  const found = await docker().listContainers({ all: true, filters: stackFilter() });
  const order = ['postgres', 'valkey', 'migration', 'task', 'api', 'worker', 'gateway'];
  const rank = (role = ''): number => order.indexOf(role) + 1 || order.length;
  return (
    found
      .map((info) => ({
        ...info,
        role: info.Labels[labelKeys.role] ?? '?',
        name: (info.Names[0] ?? info.Id).replace(/^\//, ''),
      }))
      // Containers that another stack runs of this one's image, such as a rehearsal's tasks,
      // inherit the image's labels.
      .filter(({ role }) => role !== 'image')
      .sort((a, b) => rank(a.role) - rank(b.role) || a.name.localeCompare(b.name))
  );
}

/** Asks on the terminal for the stack's name, unless CONFIRM already holds it. */
export async function confirmByName(what: string): Promise<void> {
  if (process.env['CONFIRM'] === stack) return;
  if (process.env['CONFIRM'] || !process.stdin.isTTY) {
    throw new UserFault(
      `${what} It was not confirmed, and nothing was done.`,
      `Type it again with CONFIRM=${stack}.`,
    );
  }
  const { createInterface } = await import('node:readline/promises');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${what} Type the stack's name (${stack}) to go on: `);
  terminal.close();
  if (answer.trim() !== stack)
    throw new UserFault(
      'That is not its name: nothing was done.',
      'Type the command again if you meant it.',
    );
}
