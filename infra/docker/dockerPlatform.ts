import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import type { MigrationBlueprint, Route, ServiceBlueprint } from '../blueprint.ts';
import type { Environment } from '../environment.ts';
import type { Config } from '../config/config.ts';
import type { CreatePlatform } from '../createPlatform.ts';
import { stackLabels, type StackIdentity } from '../docker-engine/labels.ts';
import type { AppImage, Cache, Database, Platform, PlatformArgs } from '../platform.ts';
import { MigrationRun } from '../release/migrationRun.ts';
import { Rollout } from '../release/rollout.ts';
import { surveyImage, type ImageMaker } from '../image/appImage.ts';
import { dockerLabels } from './containerDefaults.ts';
import { dockerEnvironment, DockerService } from './dockerService.ts';
import { EngineApi } from '../docker-engine/engineApi.ts';
import { Gateway } from './gateway.ts';
import { dockerHost } from '../docker-engine/host.ts';
import { requireFreePorts } from './hostPorts.ts';
import { Postgres } from './postgres.ts';
import { Valkey } from './valkey.ts';

/**
 * A stack on a Docker engine: everything in containers on one network, reachable on 127.0.0.1
 * alone.
 */
export class DockerPlatform implements Platform<DockerService> {
  readonly database: Database;
  readonly cache: Cache;
  readonly image: AppImage;
  readonly publicUrl: pulumi.Output<string>;

  private readonly args: PlatformArgs;
  private readonly host: string;
  private readonly provider: docker.Provider;
  private readonly network: docker.Network;
  private readonly postgres: Postgres;
  private readonly valkey: Valkey;
  private readonly gateway: Gateway;
  private taskEnvs: pulumi.Output<string[]> = pulumi.output([]);

  /**
   * Asks the engine what must be known before anything is registered.
   *
   * @throws UserError when no engine answers, a port is taken, or an image is missing
   */
  static async survey(config: Config, identity: StackIdentity): Promise<CreatePlatform> {
    const host = dockerHost();
    const engine = new EngineApi(host);
    if (engine.reachable) {
      const keys = ['gatewayPort', 'databasePort', 'metricsPort'] as const;
      const ports = keys.map((key) => ({ key, port: config[key] }));
      await requireFreePorts(ports, identity, engine);
    }
    const image = await surveyImage(config, identity, engine);
    return (secrets) => new DockerPlatform({ config, identity, secrets }, host, image);
  }

  private constructor(args: PlatformArgs, host: string, image: ImageMaker) {
    const { config, identity, secrets } = args;
    this.args = args;
    this.host = host;
    this.provider = new docker.Provider('docker', { host });
    const opts = { providers: [this.provider] };
    this.network = new docker.Network(
      'network',
      { labels: dockerLabels(identity, 'network') },
      { provider: this.provider, ignoreChanges: ['labels'] },
    );
    const common = { identity, network: this.network };
    this.postgres = new Postgres(
      'postgres',
      { ...common, password: secrets.databasePassword, hostPort: config.databasePort },
      opts,
    );
    this.valkey = new Valkey('valkey', { ...common, password: secrets.cachePassword }, opts);
    this.gateway = new Gateway(
      'gateway',
      { ...common, hostPort: config.gatewayPort, metricsHostPort: config.metricsPort },
      opts,
    );
    this.database = this.postgres;
    this.cache = this.valkey;
    this.image = image(() => this.provider);
    this.publicUrl = pulumi.output(this.gateway.url);
  }

  migrate(blueprint: MigrationBlueprint, environment: Environment): MigrationRun {
    const { config, identity } = this.args;
    this.taskEnvs = dockerEnvironment(environment);
    return new MigrationRun(
      'migrations',
      {
        image: this.image.imageId,
        files: this.image.migrations,
        force: config.forceMigrations,
        lint: config.migrationLint,
        database: this.database.identity,
        schema: config.databaseSchema,
        command: blueprint.command,
        seedCommand: config.seed ? blueprint.seedCommand : [],
        timeoutSeconds: blueprint.timeoutSeconds,
        runner: {
          kind: 'docker',
          host: this.host,
          network: this.network.name,
          labels: stackLabels(identity, 'migration'),
          memoryMb: blueprint.memoryMb,
          envs: this.taskEnvs,
          compatibility: {
            deployedLabels: stackLabels(identity, 'api'),
            gatewayLabels: stackLabels(identity, 'gateway'),
            database: {
              labels: stackLabels(identity, 'postgres'),
              user: this.postgres.user,
              name: this.postgres.databaseName,
            },
            labels: stackLabels(identity, 'old-code-check'),
            name: `${identity.project}-${identity.stack}-old-code`,
          },
        },
        ...(blueprint.compatibility && { compatibility: blueprint.compatibility }),
      },
      { dependsOn: [this.postgres.container] },
    );
  }

  run(
    blueprint: ServiceBlueprint,
    environment: Environment,
    migrations: MigrationRun,
  ): DockerService {
    return new DockerService(
      blueprint.name,
      {
        identity: this.args.identity,
        network: this.network,
        blueprint,
        environment,
        imageId: this.image.imageId,
      },
      { providers: [this.provider], dependsOn: [migrations, this.valkey.container] },
    );
  }

  rollout(services: DockerService[], routes: Route[], migrations: MigrationRun): Rollout {
    const { config, identity } = this.args;
    const targets = services.flatMap(({ blueprint, containers }) =>
      containers.map((container) => ({
        service: blueprint.name,
        name: container.name,
        id: container.id,
        port: blueprint.port,
        livenessPath: blueprint.livenessPath,
        readinessPath: blueprint.readinessPath,
      })),
    );
    return new Rollout(
      'rollout',
      {
        release: this.image.imageId,
        targets,
        routes,
        timeoutSeconds: config.rolloutTimeoutSeconds,
        runner: {
          kind: 'docker',
          host: this.host,
          gateway: this.gateway.container.id,
          imageLabels: stackLabels(identity, 'image'),
        },
      },
      { dependsOn: [migrations, ...services] },
    );
  }

  outputs(): Record<string, pulumi.Input<unknown>> {
    const { config } = this.args;
    return {
      metricsUrl: this.gateway.metricsUrl,
      databaseHost: '127.0.0.1',
      databasePort: config.databasePort,
      databaseName: this.postgres.databaseName,
      databaseUser: this.postgres.user,
      databaseUrl: this.postgres.hostUrl,
      migrationTask: pulumi.secret({
        image: this.image.imageId,
        network: this.network.name,
        env: this.taskEnvs.apply(toRecord),
      }),
    };
  }
}

function toRecord(lines: string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}
