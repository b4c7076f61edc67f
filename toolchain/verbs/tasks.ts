import { randomBytes } from 'node:crypto';
import { stackLabels } from '../../infra/docker-engine/labels.ts';
import { oneOffContainer } from '../../infra/docker-engine/oneOffContainer.ts';
import {
  confirmByName,
  docker,
  extraArgs,
  identity,
  project,
  requireDockerStack,
  stack,
} from '../lib/context.ts';
import { passThrough } from '../lib/exec.ts';
import { messageOf, UserFault } from '../lib/fault.ts';
import { node, root } from '../lib/paths.ts';
import { say } from '../lib/progress.ts';
import { stackOutputs } from '../pulumi/stackState.ts';
import { psql } from './containers.ts';

/** How a one-off task of the stack's image is started: the stack output `migrationTask`. */
interface TaskOutput {
  image: string;
  network: string;
  env: Record<string, string>;
}

/** Runs a role of the stack's image once, shows its output, and gives its exit code. */
export async function runTask(command: string[]): Promise<number> {
  const { image, network, env } = await taskOutput();
  const container = await docker().createContainer({
    ...oneOffContainer({
      name: `${project}-${stack}-task-${randomBytes(3).toString('hex')}`,
      image,
      command,
      envs: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      labels: stackLabels(identity, 'task'),
      user: '1000:1000',
      memoryMb: 512,
      network: { name: network },
    }),
    AttachStdout: true,
    AttachStderr: true,
  });
  // The runner finishes or rolls back the file it is at, then ends by itself.
  const stop = (): void => void container.kill({ signal: 'SIGTERM' }).catch(() => undefined);
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    const stream = await container.attach({ stream: true, stdout: true, stderr: true });
    docker().modem.demuxStream(stream, process.stdout, process.stderr);
    const ended = new Promise((resolve) => stream.on('end', resolve));
    await container.start();
    const { StatusCode } = (await container.wait()) as { StatusCode: number };
    await ended;
    return StatusCode;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    await container.remove({ force: true }).catch(() => undefined);
  }
}

async function taskOutput(): Promise<TaskOutput> {
  const outputs = await stackOutputs().catch((error: unknown) => {
    throw new UserFault(
      `Stack ${stack} has no outputs to go by: ${messageOf(error).split('\n')[1] ?? ''}`,
      `Bring it up first: \`make up STACK=${stack}\`.`,
    );
  });
  const task = outputs['migrationTask'];
  if (!task)
    throw new UserFault(
      `Stack ${stack} is not up.`,
      `Bring it up first: \`make up STACK=${stack}\`.`,
    );
  return (typeof task === 'string' ? JSON.parse(task) : task) as TaskOutput;
}

async function migration(verb: string, command: string[], next: string): Promise<number> {
  requireDockerStack(verb);
  const code = await runTask(['migrate', ...command, ...extraArgs()]);
  say(
    code === 0
      ? `Next: ${next}.`
      : `It ended with exit code ${code}; docs/migrations.md lists what each means.`,
  );
  return code;
}

const status = `\`make migration-status STACK=${stack}\``;

export const migrate = () => migration('migrate', ['up'], status);
export const migrationStatus = () =>
  migration(
    'migration-status',
    ['status'],
    `\`make migrate STACK=${stack}\` applies what is pending`,
  );
export const migrateRevert = () =>
  migration(
    'migrate-revert',
    ['down'],
    `${status}; \`make migrate STACK=${stack}\` applies it again`,
  );

export const migrateRedo = () => migration('migrate-redo', ['redo'], status);
export const migrationPlan = () =>
  migration('migration-plan', ['plan'], `\`make migrate STACK=${stack}\` applies what it shows`);
export const migrationVerify = () => migration('migration-verify', ['verify'], status);

export async function migrateRevertAll(): Promise<number> {
  requireDockerStack('migrate-revert-all');
  await confirmByName(
    `This reverts every migration of stack ${stack}, and with them drops its tables.`,
  );
  const { env } = await taskOutput();
  // The name was asked for here; the runner asks for the database's.
  const database = new URL(env['DATABASE_URL'] ?? '').pathname.slice(1);
  return migration(
    'migrate-revert-all',
    ['revert-all', '--force', database],
    `\`make migrate STACK=${stack}\``,
  );
}

/**
 * Any verb of the runner, such as ARGS="repair 0002_models --reason 'a comment only'"; its own help
 * without ARGS.
 */
export async function migrationVerb(): Promise<number> {
  if (extraArgs().length === 0) return fileVerb(['--help']);
  return migration('migration', [], status);
}

/**
 * The runner's verbs that work on this checkout's files. Their changes reach a stack with the next
 * image.
 */
export async function migrationCreate(): Promise<number> {
  const name = process.env['NAME'];
  if (!name)
    throw new UserFault(
      'A name for the migration is missing.',
      '`make migration-create NAME=add_topics`.',
    );
  return fileVerb(['create', name]);
}

export async function migrationRenumber(): Promise<number> {
  const name = process.env['NAME'];
  return fileVerb(['renumber', ...(name ? [name] : [])]);
}

function fileVerb(args: string[]): Promise<number> {
  return passThrough(node, ['app/src/main.ts', 'migrate', ...args], { cwd: root });
}

export async function seed(): Promise<number> {
  requireDockerStack('seed');
  const code = await runTask(['seed', ...extraArgs()]);
  if (code === 0) say(`Next: log in with what \`make up STACK=${stack}\` prints.`);
  return code;
}

/** Drops everything in the database, migrates from nothing and seeds. */
export async function rebuildDatabase(): Promise<number> {
  requireDockerStack('rebuild-db');
  await confirmByName(`This drops and rebuilds the database of stack ${stack}.`);
  const { env } = await taskOutput();
  const schema = `"${env['DATABASE_SCHEMA'] ?? 'public'}"`;
  say('  … dropping every table');
  const sql = `DROP SCHEMA IF EXISTS ${schema} CASCADE; CREATE SCHEMA ${schema};`;
  const dropped = await psql('-q', '-v', 'ON_ERROR_STOP=1', '-c', sql);
  if (dropped !== 0) return dropped;
  const migrated = await runTask(['migrate', 'up']);
  if (migrated !== 0) return migrated;
  const seeded = await runTask(['seed']);
  if (seeded === 0) say(`The database is new. Next: ${status}.`);
  return seeded;
}
