import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerInspectInfo } from 'dockerode';
import { createBlueprint } from '../../infra/blueprint.ts';
import { parseConfig } from '../../infra/config/config.ts';
import { gatewayPorts, nginxConfig } from '../../infra/gateway/nginxConfig.ts';
import { labelKeys } from '../../infra/docker-engine/labels.ts';
import { tryExec, which } from '../../toolchain/lib/exec.ts';
import { aptInstall, isDebianRoot } from '../../toolchain/setup/host.ts';
import { run, type Finished } from './commands.ts';
import type { RunningStack } from './stack.ts';

/**
 * The other way to run the same containers: docker-compose with a file that says what the engine
 * says of ours.
 */
export class Compose {
  /** Name and version, for the table. */
  readonly version: string;
  /** The services that run all the time; `migrate` runs once before the api. */
  readonly services: string[];
  readonly gatewayPort: number;
  private readonly command: string[];

  private constructor(version: string, command: string[], services: string[], gatewayPort: number) {
    this.version = version;
    this.command = command;
    this.services = services;
    this.gatewayPort = gatewayPort;
  }

  /**
   * Writes the compose file into `folder`, its ports following each other from `firstPort`.
   *
   * @returns undefined with the reason when there is no docker-compose and we cannot install it
   */
  static async create(args: {
    project: string;
    folder: string;
    firstPort: number;
    stack: RunningStack;
  }): Promise<Compose | { missing: string }> {
    const program = await findProgram();
    if (program === undefined) {
      return {
        missing:
          'there is no docker-compose; install it (Debian: `sudo apt-get install docker-compose`)',
      };
    }
    const version = (await run([...program, 'version', '--short'])).stdout.trim();
    const configuration = join(args.folder, 'nginx.conf');
    writeFileSync(configuration, gatewayConfiguration());
    const services = servicesOf(args.stack, configuration, args.firstPort);
    const file = join(args.folder, 'docker-compose.json');
    // JSON is YAML. Named volumes are declared at the top.
    const volumes = Object.values(services).flatMap(({ volumes }) => volumes ?? []);
    const named = volumes
      .filter((volume) => !volume.startsWith('/'))
      .map((volume) => volume.split(':')[0] ?? '');
    const text = { volumes: Object.fromEntries(named.map((name) => [name, {}])), services };
    writeFileSync(file, JSON.stringify(text, undefined, 2).replaceAll('$', '$$$$'), {
      mode: 0o600,
    });
    const names = Object.keys(services).filter((name) => name !== 'migrate');
    const command = [...program, '--project-name', args.project, '--file', file];
    return new Compose(`docker-compose ${version}`, command, names, args.firstPort);
  }

  /** `docker-compose up -d` of everything: the migrations first, the api when they are through. */
  up(): Promise<Finished> {
    return run([...this.command, 'up', '-d']);
  }

  /**
   * The same when all runs already, of the services alone: `up` would run the finished `migrate`
   * anew each time.
   */
  upAgain(): Promise<Finished> {
    return run([...this.command, 'up', '-d', '--no-deps', ...this.services]);
  }

  async destroy(): Promise<void> {
    await run([...this.command, 'down', '--volumes']);
  }
}

interface Service {
  image: string;
  volumes?: string[];
  [option: string]: unknown;
}

/**
 * Compose's services from the definitions of our containers: image, command, environment, limits,
 * rights, health check.
 */
function servicesOf(
  stack: RunningStack,
  gatewayConfiguration: string,
  firstPort: number,
): Record<string, Service> {
  const services: Record<string, Service> = {};
  for (const container of stack.containers) {
    const role = container.Config.Labels[labelKeys.role] ?? '?';
    const known = services[role];
    // Replicas are alike: one service, scaled.
    if (known) known['scale'] = Number(known['scale']) + 1;
    else services[role] = serviceOf(container);
  }
  const { postgres, valkey, api, gateway } = services;
  if (!postgres || !valkey || !api || !gateway)
    throw new Error(`a stack of ${Object.keys(services).join(', ')}?`);

  const healthy = { condition: 'service_healthy' };
  services['migrate'] = {
    ...api,
    image: stack.migrationTask.image,
    command: ['migrate', 'up'],
    environment: stack.migrationTask.env,
    healthcheck: { disable: true },
    restart: 'no',
    scale: 1,
    depends_on: { postgres: healthy },
  };
  api['depends_on'] = {
    postgres: healthy,
    valkey: healthy,
    migrate: { condition: 'service_completed_successfully' },
  };
  // nginx alone needs the api's name when it starts, not its health; so it starts as early as it
  // can.
  gateway['depends_on'] = { api: { condition: 'service_started' } };
  gateway['entrypoint'] = ['nginx', '-c', '/etc/slipway/nginx.conf', '-g', 'daemon off;'];
  gateway['environment'] = {};
  delete gateway['command'];
  gateway.volumes = [`${gatewayConfiguration}:/etc/slipway/nginx.conf:ro`];
  // The port that is waited for is the first one of the bench's.
  const ports = [gatewayPorts.public, gatewayPorts.metrics];
  gateway['ports'] = ports.map((inside, index) => `127.0.0.1:${firstPort + index}:${inside}`);
  postgres['ports'] = [`127.0.0.1:${firstPort + ports.length}:5432`];
  return services;
}

function serviceOf({ HostConfig, Mounts, ...container }: ContainerInspectInfo): Service {
  const Config: typeof container.Config & { StopSignal?: string; StopTimeout?: number } =
    container.Config;
  const seconds = (nanoseconds = 0): string => `${nanoseconds / 1e9}s`;
  const check = Config.Healthcheck;
  return {
    image: Config.Image,
    scale: 1,
    entrypoint: Config.Entrypoint,
    command: Config.Cmd,
    user: Config.User,
    environment: Config.Env,
    stop_signal: Config.StopSignal ?? 'SIGTERM',
    stop_grace_period: `${Config.StopTimeout ?? 10}s`,
    healthcheck: {
      test: check?.Test,
      interval: seconds(check?.Interval),
      timeout: seconds(check?.Timeout),
      start_period: seconds(check?.StartPeriod),
      retries: check?.Retries,
    },
    restart: HostConfig.RestartPolicy?.Name,
    init: HostConfig.Init,
    cpus: (HostConfig.NanoCpus ?? 0) / 1e9,
    mem_limit: HostConfig.Memory,
    memswap_limit: HostConfig.MemorySwap,
    shm_size: HostConfig.ShmSize,
    read_only: HostConfig.ReadonlyRootfs,
    cap_drop: HostConfig.CapDrop ?? [],
    cap_add: HostConfig.CapAdd ?? [],
    security_opt: HostConfig.SecurityOpt ?? [],
    tmpfs: Object.entries((HostConfig.Tmpfs ?? {}) as Record<string, string>).map((pair) =>
      pair.join(':'),
    ),
    logging: {
      driver: HostConfig.LogConfig?.Type,
      options: HostConfig.LogConfig?.Config as object,
    },
    volumes: Mounts.flatMap(({ Type, Destination }) =>
      Type === 'volume'
        ? [`${Destination.replaceAll('/', '-').replace(/^-/, '')}:${Destination}`]
        : [],
    ),
  };
}

/**
 * The rollout's configuration, with compose's name for all instances of the api in place of the
 * list of them.
 */
function gatewayConfiguration(): string {
  const config = parseConfig(
    { platform: 'docker', build: 'true' },
    { project: 'slipway', stack: 'bench' },
  );
  const { routes } = createBlueprint(config);
  const text = nginxConfig({
    routes,
    upstreams: [{ service: 'api', address: 'api:3000' }],
    port: gatewayPorts.public,
    metricsPort: gatewayPorts.metrics,
  });
  // As the gateway's own script does for an nginx that does not know it yet.
  return text.replace(/^ *keepalive_min_timeout .*\n/m, '');
}

async function findProgram(): Promise<string[] | undefined> {
  if (!which('docker-compose') && isDebianRoot())
    await aptInstall(['docker-compose']).catch(() => undefined);
  if (which('docker-compose')) return ['docker-compose'];
  return (await tryExec('docker', ['compose', 'version'])).code === 0
    ? ['docker', 'compose']
    : undefined;
}
