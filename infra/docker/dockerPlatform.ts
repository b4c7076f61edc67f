import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import type { MigrationBlueprint, ServiceBlueprint } from '../blueprint.ts';
import type { Route } from '../release/route.ts';
import type { Config } from '../config/config.ts';
import { databaseUser } from '../config/database.ts';
import { EngineApi } from '../docker-engine/engineApi.ts';
import { dockerHost } from '../docker-engine/host.ts';
import { stackLabels, type StackIdentity } from '../docker-engine/labels.ts';
import type { Environment } from '../environment.ts';
import { surveyImage, type ImageMaker } from '../image/appImage.ts';
import { readReferenceTables } from '../image/migrationFiles.ts';
import type {
  AppImage,
  CreatePlatform,
  Migrations,
  Observed,
  Outputs,
  Platform,
} from '../platform.ts';
import { loginMark } from '../loginMark.ts';
import { MigrationRun, type DockerCompatibilityTargets } from '../release/migrationRun.ts';
import { Rollout, type Signing } from '../release/rollout.ts';
import type { AppSecrets } from '../secrets.ts';
import { dockerLabels } from './containerDefaults.ts';
import { dockerEnvironment, DockerService } from './dockerService.ts';
import { memoryWarning, requireCapacity } from './engineCapacity.ts';
import { Gateway } from './gateway.ts';
import { requireFreePorts } from './hostPorts.ts';
import { Postgres } from './postgres.ts';
import { Valkey } from './valkey.ts';

/** Everything that is known before anything is registered. */
interface DockerSurvey {
  config: Config;
  identity: StackIdentity;
  /** Such as `unix:///var/run/docker.sock`. */
  host: string;
  image: ImageMaker;
  /** CPUs of the engine's machine; infinite where it cannot be asked. */
  cpus: number;
  /** Tables whose rows the compatibility check needs; none where it does not run. */
  referenceTables: string[];
}

/**
 * A stack on a Docker engine: everything in containers on one network, reachable on 127.0.0.1
 * alone.
 */
export class DockerPlatform implements Platform<Migrations, DockerService> {
  readonly database: Postgres;
  readonly cache: Valkey;
  readonly image: AppImage;
  readonly publicUrl: pulumi.Output<string>;
  readonly outputs: Outputs;
  readonly #survey: DockerSurvey;
  readonly #signing: Signing;
  readonly #provider: docker.Provider;
  readonly #network: docker.Network;
  readonly #gateway: Gateway;

  /**
   * Asks the engine what must be known before anything is registered.
   *
   * @throws UserError when no engine answers, a port is taken, or an image is missing
   */
  static async survey(config: Config, identity: StackIdentity): Promise<CreatePlatform> {
    const host = dockerHost();
    const engine = new EngineApi(host);
    let cpus = Infinity;
    if (engine.reachable) {
      const capacity = await engine.capacity();
      ({ cpus } = capacity);
      requireCapacity(config, capacity);
      const warning = memoryWarning(config, capacity);
      if (warning) void pulumi.log.warn(warning);
      const keys = ['gatewayPort', 'databasePort', 'metricsPort'] as const;
      const ports = keys.map((key) => ({ key, port: config[key] }));
      await requireFreePorts(ports, identity, engine);
    }
    const image = await surveyImage(config, identity, engine);
    const referenceTables = config.compatibilityCheck
      ? await readReferenceTables(identity.root)
      : [];
    const survey = { config, identity, host, image, cpus, referenceTables };
    return (secrets) => new DockerPlatform(survey, secrets);
  }

  private constructor(survey: DockerSurvey, secrets: AppSecrets) {
    this.#signing = secrets.signing;
    const { config, identity, host, image, cpus } = survey;
    this.#survey = survey;
    this.#provider = new docker.Provider('docker', { host });
    const opts = { providers: [this.#provider] };
    this.#network = new docker.Network(
      'network',
      { labels: dockerLabels(identity, 'network') },
      { provider: this.#provider, ignoreChanges: ['labels'] },
    );
    const common = { identity, network: this.#network };
    this.database = new Postgres(
      'postgres',
      {
        ...common,
        ownerPassword: secrets.databaseOwnerPassword,
        userPassword: secrets.databasePassword,
        hostPort: config.databasePort,
        cpus,
      },
      opts,
    );
    this.cache = new Valkey('valkey', { ...common, password: secrets.cachePassword }, opts);
    this.#gateway = new Gateway(
      'gateway',
      { ...common, hostPort: config.gatewayPort, metricsHostPort: config.metricsPort },
      opts,
    );
    this.image = image(() => this.#provider);
    this.publicUrl = pulumi.output(this.#gateway.url);
    this.outputs = {
      databaseHost: '127.0.0.1',
      databasePort: config.databasePort,
      databaseName: this.database.databaseName,
      databaseUser: this.database.owner,
      databaseUrl: this.database.hostUrl,
    };
  }

  migrate(blueprint: MigrationBlueprint, environment: Environment): Migrations {
    const { config, identity, host, referenceTables } = this.#survey;
    const { compatibility } = blueprint;
    const envs = dockerEnvironment(environment);
    const run = new MigrationRun(
      'migrations',
      {
        image: this.image.imageId,
        files: this.image.migrations,
        force: config.forceMigrations,
        lint: config.migrationLint,
        database: this.database.identity,
        login: loginMark(this.database),
        schema: config.databaseSchema,
        command: blueprint.command,
        seedCommand: config.seed ? blueprint.seedCommand : [],
        timeoutSeconds: blueprint.timeoutSeconds,
        runner: {
          kind: 'docker',
          host,
          network: this.#network.name,
          labels: stackLabels(identity, 'migration'),
          memoryMb: blueprint.memoryMb,
          envs,
          compatibility: compatibilityTargets(identity, this.database),
        },
        ...(compatibility && { compatibility: { ...compatibility, referenceTables } }),
      },
      { dependsOn: [this.database.container] },
    );
    const migrationTask = pulumi.secret({
      image: this.image.engineId,
      network: this.#network.name,
      env: envs.apply(toRecord),
    });
    return { run, outputs: { migrationTask } };
  }

  run(
    blueprint: ServiceBlueprint,
    environment: Environment,
    migrations: Migrations,
  ): DockerService {
    return new DockerService(
      blueprint.name,
      {
        identity: this.#survey.identity,
        network: this.#network,
        blueprint,
        environment,
        engineId: this.image.engineId,
      },
      { providers: [this.#provider], dependsOn: [migrations.run, this.cache.container] },
    );
  }

  rollout(services: DockerService[], routes: Route[], migrations: Migrations): Rollout {
    const { config, identity, host } = this.#survey;
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
        signing: this.#signing,
        built: this.image.built,
        runner: {
          kind: 'docker',
          host,
          gateway: this.#gateway.container.id,
          imageLabels: stackLabels(identity, 'image'),
        },
      },
      { dependsOn: [migrations.run, ...services] },
    );
  }

  /** The gateway answers for the metrics of all instances. */
  observe(): Observed {
    return { outputs: { metricsUrl: this.#gateway.metricsUrl } };
  }
}

/** Where the compatibility check finds the deployed version and the stack's database. */
function compatibilityTargets(
  identity: StackIdentity,
  { owner, databaseName }: Postgres,
): DockerCompatibilityTargets {
  return {
    deployedLabels: stackLabels(identity, 'api'),
    gatewayLabels: stackLabels(identity, 'gateway'),
    database: {
      labels: stackLabels(identity, 'postgres'),
      owner,
      user: databaseUser,
      name: databaseName,
    },
    labels: stackLabels(identity, 'compatibility-check'),
    name: `${identity.project}-${identity.stack}-compatibility`,
  };
}

function toRecord(lines: string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}
