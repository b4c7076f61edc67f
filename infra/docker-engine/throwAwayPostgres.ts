import { randomBytes } from 'node:crypto';
import type Docker from 'dockerode';
import { ContainerError } from './containerError.ts';
import { engineReason } from './engineReason.ts';
import { lastLines } from './logLines.ts';
import { oneOffContainer, type OneOffContainerArgs } from './oneOffContainer.ts';
import { pgDump, postgresScript, type ContainerDatabase } from './postgresTools.ts';

/** Long, for a busy machine. */
const startTimeoutSeconds = 120;
const port = 5432;

/** The rights and places that Postgres' image needs: it prepares its data, then becomes its owner. */
export const postgresNeeds = {
  capabilities: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETGID', 'SETUID'],
  tmpfs: { '/var/run/postgresql': 'rw,noexec,nosuid,size=1m,mode=1777' },
  init: false,
} satisfies Partial<OneOffContainerArgs>;

/** A crash would lose what is thrown away anyway. */
const inMemory = {
  command: ['fsync', 'synchronous_commit', 'full_page_writes'].reduce(
    (command, setting) => [...command, '-c', `${setting}=off`],
    ['postgres'],
  ),
  envs: ['PGDATA=/var/lib/postgresql/data/pgdata', 'POSTGRES_INITDB_ARGS=--no-sync'],
  tmpfs: { '/var/lib/postgresql/data': 'rw,noexec,nosuid,size=384m,mode=1777' },
};

export interface ThrowAwayPostgresArgs {
  image: string;
  /** The container's name. */
  name: string;
  labels: Record<string, string>;
  user: string;
  database: string;
  /** Where others reach it: by an alias on a network, or on a free port of 127.0.0.1. */
  at: { network: string; alias: string } | 'loopback';
  /** Where its data is: in memory, 384 MB at most, or in a volume without a name. */
  data: 'memory' | 'volume';
}

/** A Postgres that is gone when its work is done, with the limits of a stack's own. */
export class ThrowAwayPostgres {
  /** With its password, for those who reach it. */
  readonly url: string;
  readonly #docker: Docker;
  readonly #database: ContainerDatabase;

  private constructor(docker: Docker, database: ContainerDatabase, url: string) {
    this.#docker = docker;
    this.#database = database;
    this.url = url;
  }

  /**
   * Starts one. It may not answer yet.
   *
   * @throws ContainerError when it does not start; the engine's error is its cause
   */
  static async start(docker: Docker, args: ThrowAwayPostgresArgs): Promise<ThrowAwayPostgres> {
    const { user, database, at } = args;
    const password = randomBytes(24).toString('hex');
    let container: Docker.Container | undefined;
    try {
      const { NCPU } = (await docker.info()) as { NCPU: number };
      // The engine refuses a container that may use more CPUs than there are.
      const cpus = Math.min(2, NCPU);
      container = await docker.createContainer(
        oneOffContainer({ ...containerArgs(args, password), cpus }),
      );
      await container.start();
      const host =
        at === 'loopback' ? `127.0.0.1:${await publishedPort(container)}` : `${at.alias}:${port}`;
      return new ThrowAwayPostgres(
        docker,
        { container: container.id, user, name: database },
        `postgres://${user}:${password}@${host}/${database}`,
      );
    } catch (error) {
      await container?.remove({ force: true, v: true }).catch(() => undefined);
      const message = `a throw-away Postgres could not start: ${engineReason(error)}`;
      throw new ContainerError(message, [], { cause: error });
    }
  }

  /** @throws ContainerError with its last lines when it does not get ready */
  async ready(): Promise<void> {
    // Over TCP: while it initialises, Postgres answers on its socket only. One command that waits
    // in there: each command costs the engine more than the question.
    const script = `timeout ${startTimeoutSeconds} bash -c 'until pg_isready -q -h 127.0.0.1 -U "$0" -d "$1"; do sleep 0.1; done' "$user" "$db"`;
    try {
      await postgresScript(this.#docker, this.#database, script, { failed: 'it does not answer' });
    } catch (error) {
      const tail = await lastLines(this.#docker.getContainer(this.#database.container), 10);
      throw new ContainerError('a throw-away Postgres did not become ready', tail, {
        cause: error,
      });
    }
  }

  /** @param dump text that psql reads */
  async fill(dump: string): Promise<void> {
    const script = 'exec psql -q -U "$user" -d "$db" -f -';
    const failed = 'the copy of the schema could not be filled';
    await postgresScript(this.#docker, this.#database, script, { input: dump, failed });
  }

  /**
   * The address for a role, with a password of its own.
   *
   * @returns also whether the role is there and may sign in with it by now
   */
  async login(role: string): Promise<{ url: string; exists: boolean }> {
    const url = new URL(this.url);
    Object.assign(url, { username: role, password: randomBytes(24).toString('hex') });
    const script = 'exec psql -qAt -U "$user" -d "$db" -v role="$1" -v password="$2" -f -';
    const input = `SELECT count(*) FROM pg_roles WHERE rolname = :'role';
      SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', rolname, :'password')
        FROM pg_roles WHERE rolname = :'role' \\gexec`;
    const failed = 'a role of the copy got no password';
    const args = [role, url.password];
    const found = await postgresScript(this.#docker, this.#database, script, {
      args,
      input,
      failed,
    });
    return { url: url.href, exists: found.trim() === '1' };
  }

  pgDump(options: string[]): Promise<string> {
    return pgDump(this.#docker, this.#database, options);
  }

  async remove(): Promise<void> {
    const container = this.#docker.getContainer(this.#database.container);
    await container.remove({ force: true, v: true });
  }
}

function containerArgs(
  { image, name, labels, user, database, at, data }: ThrowAwayPostgresArgs,
  password: string,
): OneOffContainerArgs {
  const memory = data === 'memory' ? inMemory : undefined;
  return {
    image,
    name,
    labels,
    memoryMb: 512,
    shmMb: 128,
    ...postgresNeeds,
    tmpfs: { ...postgresNeeds.tmpfs, ...memory?.tmpfs },
    ...(memory && { command: memory.command }),
    envs: [
      `POSTGRES_USER=${user}`,
      `POSTGRES_DB=${database}`,
      `POSTGRES_PASSWORD=${password}`,
      ...(memory?.envs ?? []),
    ],
    ...(at === 'loopback'
      ? { port: { container: port } }
      : { network: { name: at.network, alias: at.alias } }),
  };
}

async function publishedPort(container: Docker.Container): Promise<string> {
  const { NetworkSettings } = await container.inspect();
  return NetworkSettings.Ports[`${port}/tcp`]?.[0]?.HostPort ?? '';
}
