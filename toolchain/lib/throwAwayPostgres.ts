import { randomBytes } from 'node:crypto';
import { baseImages } from '../../infra/docker-engine/baseImages.ts';
import { stackLabels } from '../../infra/docker-engine/labels.ts';
import { containerExec } from '../../infra/docker-engine/containerExec.ts';
import { UserFault } from './fault.ts';
import { isAlive } from './isAlive.ts';
import { unlessMissing } from './unlessMissing.ts';
import { docker, identity, project, stack, stackFilter } from './context.ts';

/** The process that started it. When that is gone, whoever comes next removes the container. */
const ownerLabel = 'dev.slipway.owner';
const role = 'rehearsal';
const user = 'slipway';
const name = 'rehearsal';
/** Its own path: on PATH may be a script of Debian's, which takes longer. */
const pgDumpPath = '/usr/lib/postgresql/17/bin/pg_dump';

/**
 * A Postgres that is gone when its work is done, with the image and the limits of a stack's own. It
 * listens on a free port of
 * 127.0.0.1, and keeps its data in a volume without a name.
 */
export class ThrowAwayPostgres {
  readonly #id: string;
  /** For this machine, with its password. */
  readonly url: string;

  private constructor(id: string, url: string) {
    this.#id = id;
    this.url = url;
  }

  /** Removes what a killed rehearsal has left, then starts one. It may not answer yet. */
  static async start(): Promise<ThrowAwayPostgres> {
    await removeLeftovers();
    const password = randomBytes(16).toString('hex');
    const container = await docker()
      .createContainer({
        name: `${project}-${stack}-${role}-${randomBytes(3).toString('hex')}`,
        Image: baseImages.postgres,
        Env: [`POSTGRES_USER=${user}`, `POSTGRES_DB=${name}`, `POSTGRES_PASSWORD=${password}`],
        Labels: { ...stackLabels(identity, role), [ownerLabel]: String(process.pid) },
        ExposedPorts: { '5432/tcp': {} },
        HostConfig: {
          PortBindings: { '5432/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
          NanoCpus: 2e9,
          Memory: 512 * 1024 ** 2,
          ShmSize: 128 * 1024 ** 2,
          SecurityOpt: ['no-new-privileges'],
        },
      })
      .catch((error: unknown) => {
        if ((error as { statusCode?: number }).statusCode !== 404) throw error;
        throw new UserFault(
          `The image ${baseImages.postgres} is not there.`,
          '`make setup` provides the base images.',
        );
      });
    try {
      await container.start();
      const { NetworkSettings } = await container.inspect();
      const port = NetworkSettings.Ports['5432/tcp']?.[0]?.HostPort;
      return new ThrowAwayPostgres(
        container.id,
        `postgres://${user}:${password}@127.0.0.1:${port}/${name}`,
      );
    } catch (error) {
      await container.remove({ force: true, v: true });
      throw error;
    }
  }

  /** What the container's own pg_dump prints of its database. */
  pgDump(options: string[]): Promise<string> {
    return pgDumpIn(this.#id, user, name, options);
  }

  async remove(): Promise<void> {
    await docker().getContainer(this.#id).remove({ force: true, v: true });
  }
}

/**
 * What the pg_dump of a running Postgres container prints of a database in it.
 *
 * @throws with what it wrote to standard error when it ends with another exit code than 0
 */
export async function pgDumpIn(
  container: string,
  user: string,
  database: string,
  options: string[],
): Promise<string> {
  const command = [pgDumpPath, '--username', user, '--dbname', database, ...options];
  const { exitCode, stdout, stderr } = await containerExec(docker(), container, command);
  if (exitCode !== 0)
    throw new Error(`\`${pgDumpPath}\` ended with exit code ${exitCode}: ${stderr.trim()}`);
  return stdout;
}

async function removeLeftovers(): Promise<void> {
  for (const { Id, Labels } of await docker().listContainers({
    all: true,
    filters: stackFilter(role),
  })) {
    if (isAlive(Number(Labels[ownerLabel]))) continue;
    await unlessMissing(docker().getContainer(Id).remove({ force: true, v: true }));
  }
}
