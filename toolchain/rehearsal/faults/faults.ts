import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { emulatorState } from '../emulator/emulator.ts';
import { UserFault } from '../../lib/fault.ts';
import type { ImageChange } from './faultImage.ts';

/** A `pulumi up` that a fault is injected into. */
export interface Attempt {
  /** Resolves once the output shows it; rejects when the update ends without. */
  sees: (pattern: RegExp) => Promise<void>;
  /** Kills the engine at once. */
  kill: () => void;
  docker: Docker;
}

export interface Fault {
  /** The value of `FAULT`. */
  name: string;
  /** The failure, for a person. */
  what: string;
  /** The release that is rolled out meanwhile, made from the one that serves. */
  release: Omit<ImageChange, 'name'>;
  /** Keys of the stack's configuration for this release. */
  config?: Record<string, number>;
  /** The release's image goes from the registry and from the engine after it was pushed. */
  imageVanishes?: boolean;
  /** Runs beside the update. */
  during?: (attempt: Attempt) => Promise<void>;
  /**
   * How the update has to end: it fails each time with this text, it is killed and the next one
   * goes on, or it succeeds.
   */
  ends: { fails: RegExp; times?: number } | 'killed' | 'succeeds';
  /** The update after a kill has to say this. */
  resumes?: RegExp;
  /** Why requests may be lost meanwhile; without it, none may. */
  mayLose?: string;
}

const serve = (lines: string): string => `if (process.argv[2] === 'serve') {\n${lines}\n}\n`;
const crash =
  serve(`  process.stderr.write('rehearsed fault: this version crashes at its start\\n');
  process.exit(1);`);
const neverReady = serve(`  const { createServer } = await import('node:http');
  process.stderr.write('rehearsed fault: this version answers 503\\n');
  process.on('SIGTERM', () => process.exit(0));
  createServer((_, answer) => answer.writeHead(503).end()).listen(Number(process.env.PORT), '0.0.0.0');
  await new Promise(() => undefined);`);

const rolling = /aws:ecs:Service \S+ updated|slipway:index:Rollout \S+ .*tasks run/;

/** The failures of production that a rehearsal can bring about. */
export const faults: Fault[] = [
  {
    name: 'migration-fails',
    what: 'the migration exits 1',
    release: { migration: { up: 'SELECT 1 / 0;', down: 'SELECT 1;' } },
    ends: { fails: /The migrations task failed: exit code \d+[\s\S]*division by zero/ },
  },
  {
    name: 'migration-hangs',
    what: 'the migration runs past its timeout',
    release: { migration: { up: 'SELECT pg_sleep(600);', down: 'SELECT 1;' } },
    config: { migrationTimeoutSeconds: 15 },
    ends: { fails: /The migrations task failed: stopped after 15 s, its timeout/ },
  },
  {
    name: 'image-missing',
    what: "the migration's image is gone from the registry",
    release: {},
    imageVanishes: true,
    ends: { fails: /The migrations task failed: [\s\S]*the registry does not hold this image/ },
  },
  {
    name: 'crash-loop',
    what: 'the new version crashes at its start, again and again; released twice',
    release: { preload: crash },
    ends: {
      fails: /The rollout of sha256:\w+ failed: api: ECS deployment circuit breaker was triggered/,
      times: 2,
    },
  },
  {
    name: 'never-ready',
    what: 'the new version starts and answers 503',
    release: { preload: neverReady },
    config: { rolloutTimeoutSeconds: 60 },
    ends: {
      fails:
        /The rollout of sha256:\w+ failed: [\s\S]*(?:failed ELB health checks|with these codes: \[503\])/,
    },
  },
  {
    name: 'task-killed',
    what: 'a task of the new version is killed during the rollout',
    release: {},
    during: async ({ sees, docker }) => {
      const before = new Set(await taskIds(docker));
      await sees(rolling);
      const task = await until(async () => (await taskIds(docker)).find((id) => !before.has(id)));
      await docker.getContainer(task).kill();
    },
    ends: 'succeeds',
  },
  {
    name: 'database-restarts',
    what: 'the database restarts during the rollout, at another address',
    release: {},
    during: async ({ sees, docker }) => {
      await sees(rolling);
      const { started } = await emulatorState(docker);
      const database = started.find(({ Labels }) => Labels['ministack'] === 'rds');
      if (!database) throw new Error('the emulator runs no database');
      await restartElsewhere(docker, database);
    },
    ends: 'succeeds',
    mayLose: 'readiness says 503 while there is no database',
  },
  {
    name: 'killed-in-migration',
    what: 'pulumi is killed with SIGKILL during the migration',
    release: {
      migration: {
        up: 'CREATE TABLE rehearsal_fault (id int); SELECT pg_sleep(45);',
        down: 'DROP TABLE rehearsal_fault;',
      },
    },
    during: async ({ sees, kill }) => {
      await sees(/ECS starts the task/);
      // The log has a file's line once the file is done.
      await sleep(3000);
      kill();
    },
    ends: 'killed',
    resumes: /taking up the task that an earlier update left running/,
  },
  {
    name: 'killed-in-rollout',
    what: "pulumi is killed with SIGKILL during the service's update",
    release: {},
    during: async ({ sees, kill }) => {
      await sees(rolling);
      kill();
    },
    ends: 'killed',
  },
];

/**
 * The faults that a person names: one, several with commas between, or `all`.
 *
 * @throws UserFault with the list when there is no such fault
 */
export function chooseFaults(name: string | undefined): Fault[] {
  if (!name) return [];
  if (name === 'all') return faults;
  const names = name.split(',').map((part) => part.trim());
  const unknown = names.filter((part) => !faults.some((fault) => fault.name === part));
  if (unknown.length > 0) {
    const width = Math.max(...faults.map((fault) => fault.name.length));
    const list = faults.map((fault) => `  ${fault.name.padEnd(width)}  ${fault.what}`);
    throw new UserFault(
      `There is no fault ${unknown.join(', ')}.`,
      `FAULT=all, or one of these, or several with commas between:\n${list.join('\n')}`,
    );
  }
  return faults.filter((fault) => names.includes(fault.name));
}

/**
 * Restarts a container at another address: one that starts meanwhile takes its own, as a task of a
 * rollout may. A database of AWS comes back elsewhere too, behind the same name.
 */
async function restartElsewhere(docker: Docker, { Id, ImageID, HostConfig }: Docker.ContainerInfo) {
  const container = docker.getContainer(Id);
  await container.stop({ t: 10 });
  const taker = await docker.createContainer({
    Image: ImageID,
    Entrypoint: ['sleep', '60'],
    HostConfig: { NetworkMode: HostConfig.NetworkMode, AutoRemove: true },
  });
  try {
    await taker.start();
    await container.start();
  } finally {
    await taker.remove({ force: true });
  }
}

/** Ids of the tasks' containers that run. */
async function taskIds(docker: Docker): Promise<string[]> {
  const { started } = await emulatorState(docker);
  return started
    .filter(({ Labels, State }) => Labels['ministack'] === 'ecs' && State === 'running')
    .map(({ Id }) => Id);
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + 60_000; ;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error('no new task started within 60 s');
    await sleep(50);
  }
}
