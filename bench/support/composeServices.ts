import type { ContainerInspectInfo } from 'dockerode';
import { labelKeys } from '../../infra/docker-engine/labels.ts';
import { gatewayPorts } from '../../infra/gateway/nginxConfig.ts';
import type { RunningStack } from './stack.ts';

export interface Service {
  image: string;
  volumes?: string[];
  [option: string]: unknown;
}

/**
 * Compose's services, made from our containers: image, command, environment, limits, rights, health
 * check.
 */
export function servicesOf(
  stack: RunningStack,
  gatewayConfiguration: string,
  firstPort: number,
): Record<string, Service> {
  const services: Record<string, Service> = {};
  for (const container of stack.containers) {
    const role = container.Config.Labels[labelKeys.role] ?? '?';
    const known = services[role];
    // Replicas are equal: one service, scaled.
    if (known) known['scale'] = Number(known['scale']) + 1;
    else services[role] = serviceOf(container);
  }
  const { postgres, valkey, api, gateway } = services;
  if (!postgres || !valkey || !api || !gateway)
    throw new Error(`the stack has only the roles ${Object.keys(services).join(', ')}`);

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
  // At its start nginx needs the api's name, not its health. So it starts as early as it can.
  gateway['depends_on'] = { api: { condition: 'service_started' } };
  gateway['entrypoint'] = ['nginx', '-c', '/etc/slipway/nginx.conf', '-g', 'daemon off;'];
  gateway['environment'] = {};
  delete gateway['command'];
  gateway.volumes = [`${gatewayConfiguration}:/etc/slipway/nginx.conf:ro`];
  // The bench waits for the first port.
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
