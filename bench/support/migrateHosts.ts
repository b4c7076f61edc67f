import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { baseImages } from '../../infra/docker-engine/baseImages.ts';
import type { Bench } from './bench.ts';
import { run } from './commands.ts';
import { databaseUrl, owner, postgresFlags, psqlFlags } from './postgres.ts';

type Host = 'server' | 'app' | 'psql';

/** Three containers on one network: a Postgres, the app image, and one for psql. */
export class MigrateHosts {
  readonly #network: string;
  readonly #port: number;
  readonly #ids: Record<Host, string>;

  private constructor(network: string, port: number, ids: Record<Host, string>) {
    this.#network = network;
    this.#port = port;
    this.#ids = ids;
  }

  static async start(bench: Bench): Promise<MigrateHosts> {
    const image = await bench.imageId();
    const network = `${bench.id}-migrate`;
    const port = bench.firstPort + 33;
    await run(['docker', 'network', 'create', ...bench.label, network]);
    const begin = async (...args: string[]): Promise<string> =>
      (
        await run(['docker', 'run', '-d', '--init', ...bench.label, '--network', network, ...args])
      ).stdout.trim();
    const server = await begin(
      ...['--network-alias', 'server', '-p', `127.0.0.1:${port}:5432`],
      ...postgresFlags,
      baseImages.postgres,
    );
    const idle = (name: string, flags: string[]): Promise<string> =>
      begin(...flags, '--entrypoint', 'sleep', name, 'infinity');
    const app = await idle(image, ['-e', `DATABASE_URL=${databaseUrl('server:5432')}`]);
    const psql = await idle(baseImages.postgres, psqlFlags);
    const hosts = new MigrateHosts(network, port, { server, app, psql });
    for (const end = performance.now() + 180_000; ; await sleep(100)) {
      const up = await hosts.query('SELECT 1').catch((error: Error) => error);
      if (!(up instanceof Error)) return hosts;
      if (performance.now() > end) throw up;
    }
  }

  async stop(): Promise<void> {
    await run(['docker', 'rm', '-f', '-v', ...Object.values(this.#ids)]);
    await run(['docker', 'network', 'rm', this.#network]);
  }

  /** Copies a file or a folder of this machine into a container. */
  async copy(host: 'app' | 'psql', from: string, to: string): Promise<void> {
    await run(['docker', 'cp', from, `${this.#ids[host]}:${to}`]);
  }

  /** Runs a command in a container. @returns its milliseconds, measured inside the container */
  async time(host: 'app' | 'psql', command: string, exitCode = 0): Promise<number> {
    const script = `start=$EPOCHREALTIME; ${command} >/tmp/output 2>&1; code=$?; end=$EPOCHREALTIME
      if [ $code != ${exitCode} ]; then cat /tmp/output; exit 1; fi; echo "$start $end"`;
    const { stdout } = await run(['docker', 'exec', this.#ids[host], 'bash', '-c', script]);
    const [start = NaN, end = NaN] = stdout.trim().split(/\s+/).map(Number);
    return (end - start) * 1000;
  }

  /** Runs `migrate …` as a release does. */
  migrate(
    args: string,
    options: { database?: string; settings?: Record<string, string>; exitCode?: number } = {},
  ): Promise<number> {
    const settings = {
      ...options.settings,
      DATABASE_URL: databaseUrl('server:5432', options.database),
    };
    const pairs = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
    return this.time(
      'app',
      `env ${pairs.join(' ')} node /app/main.js migrate ${args}`,
      options.exitCode,
    );
  }

  psql(args: string): Promise<number> {
    return this.time(
      'psql',
      `psql -X -q -v ON_ERROR_STOP=1 -h server -U ${owner} -d ${owner} ${args}`,
    );
  }

  /** Drops the database and creates it again. */
  async emptyDatabase(name: string = owner): Promise<void> {
    await this.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`, 'postgres');
    await this.query(`CREATE DATABASE ${name}`, 'postgres');
  }

  /** Runs one statement from this machine. */
  async query(sql: string, database: string = owner): Promise<Record<string, unknown>[]> {
    const client = await this.connect(database);
    return client
      .query<Record<string, unknown>>(sql)
      .then(({ rows }) => rows)
      .finally(() => client.end());
  }

  async value(sql: string): Promise<string> {
    return String(Object.values((await this.query(sql))[0] ?? {})[0]);
  }

  /** A connection from this machine. */
  async connect(database: string = owner): Promise<pg.Client> {
    const connectionString = databaseUrl(`127.0.0.1:${this.#port}`, database);
    const client = new pg.Client({ connectionString });
    client.on('error', () => {});
    await client.connect();
    return client;
  }
}
