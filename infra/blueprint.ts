import type { Config } from './config/config.ts';
import type { CompatibilityArgs } from './release/compatibilityArgs.ts';
import type { Route } from './release/route.ts';

/**
 * The services, the migrations and the routes, said once and free of any platform. `infra/docker`
 * and `infra/aws` each render it; a service added here appears on both.
 */
export interface Blueprint {
  services: ServiceBlueprint[];
  migration: MigrationBlueprint;
  routes: Route[];
}

/** A long-running service made of identical instances of the app image. */
export interface ServiceBlueprint {
  name: string;
  /** Arguments of the image's entry point. */
  command: string[];
  replicas: number;
  /** Port the instance listens on. */
  port: number;
  /** Answers 200 as soon as the process runs. */
  livenessPath: string;
  /** Answers 200 when the instance can serve: database, cache and schema are there. */
  readinessPath: string;
  cpus: number;
  memoryMb: number;
  /**
   * How long an instance finishes its requests after SIGTERM, seconds. The platform waits a little
   * longer.
   */
  drainSeconds: number;
  /** Reads and writes the media that people upload. */
  media?: boolean;
  /**
   * Works on a queue; where instances come and go with load, they do with the length of this queue.
   */
  backlog?: Backlog;
}

/** How long a queue is, as the service itself reports it. */
export interface Backlog {
  /** Name of the metric: the number of waiting jobs. */
  metric: string;
  /** How many waiting jobs one instance should have. */
  perInstance: number;
}

/** The one-off task that brings the database to the schema the image needs. */
export interface MigrationBlueprint {
  command: string[];
  /** Runs after a successful migration, on stacks with `seed: true`; idempotent. */
  seedCommand: string[];
  timeoutSeconds: number;
  memoryMb: number;
  /**
   * The compatibility check: before the migrations run, the deployed version has to pass its own
   * checks on the new schema. Left out, that is not checked.
   */
  compatibility?: Omit<CompatibilityArgs, 'referenceTables'>;
}

export function createBlueprint(config: Config): Blueprint {
  const api: ServiceBlueprint = {
    name: 'api',
    command: ['serve'],
    replicas: config.replicas,
    port: 3000,
    livenessPath: '/health',
    readinessPath: '/health/ready',
    cpus: config.apiCpus,
    memoryMb: config.apiMemoryMb,
    drainSeconds: 10,
  };
  return {
    services: [api],
    migration: {
      command: ['migrate', 'up', ...config.forceMigrations.flatMap((name) => ['--force', name])],
      seedCommand: ['seed'],
      timeoutSeconds: config.migrationTimeoutSeconds,
      memoryMb: 256,
      ...(config.compatibilityCheck && {
        compatibility: {
          serve: api.command,
          smoke: ['smoke'],
          port: api.port,
          readinessPath: api.readinessPath,
          memoryMb: api.memoryMb,
          readinessTimeoutSeconds: config.rolloutTimeoutSeconds,
        },
      }),
    },
    routes: [
      { path: '/', match: 'exact', service: 'api' },
      { path: '/assets/', match: 'prefix', service: 'api' },
      { path: '/api/', match: 'prefix', service: 'api' },
      { path: '/ws', match: 'exact', service: 'api', websocket: true },
      { path: '/health', match: 'exact', service: 'api' },
      { path: '/health/ready', match: 'exact', service: 'api' },
      { path: '/docs', match: 'prefix', service: 'api' },
      { path: '/redoc', match: 'exact', service: 'api' },
      { path: '/openapi.json', match: 'exact', service: 'api' },
    ],
  };
}
