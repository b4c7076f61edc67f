import type * as pulumi from '@pulumi/pulumi';
import type { Blueprint, MigrationBlueprint, ServiceBlueprint } from '../blueprint.ts';
import type { Route } from '../release/route.ts';
import type { Config } from '../config/config.ts';
import type { StackIdentity } from '../docker-engine/labels.ts';
import type { Environment } from '../environment.ts';
import { healthProbe } from '../image/healthProbe.ts';
import type {
  AppImage,
  CreatePlatform,
  Migrations,
  Observed,
  Outputs,
  Platform,
} from '../platform.ts';
import { loginMark } from '../loginMark.ts';
import { MigrationRun } from '../release/migrationRun.ts';
import { Rollout, type Signing } from '../release/rollout.ts';
import type { AppSecrets } from '../secrets.ts';
import { stackTags } from './awsProvider.ts';
import { FargateService, type ScalingArgs } from './compute/fargateService.ts';
import { Task } from './compute/task.ts';
import type { MediaBucket } from './data/mediaBucket.ts';
import type { Postgres } from './data/postgres.ts';
import type { Valkey } from './data/valkey.ts';
import { createFoundation, type Foundation } from './foundation.ts';
import { Observability } from './observability/observability.ts';
import { surveyAws, type AwsSurvey } from './preflight/survey.ts';
import { connection, createSetting, type Setting } from './setting.ts';

/** The migrations of a release on AWS, and the task that runs them. */
export interface AwsMigrations extends Migrations {
  task: Task;
}

/** A stack on AWS: tasks on ECS Fargate behind a load balancer, the data in RDS and ElastiCache. */
export class AwsPlatform implements Platform<AwsMigrations, FargateService> {
  readonly database: Postgres;
  readonly cache: Valkey;
  readonly image: AppImage;
  readonly publicUrl: pulumi.Output<string>;
  readonly outputs: Outputs;
  readonly #setting: Setting;
  readonly #signing: Signing;
  readonly #parts: Foundation;

  /** @throws UserError when the stack could not come up */
  static async survey(
    config: Config,
    identity: StackIdentity,
    blueprint: Blueprint,
  ): Promise<CreatePlatform> {
    const survey = await surveyAws(config, identity, blueprint);
    return (secrets) => new AwsPlatform(survey, secrets);
  }

  private constructor(survey: AwsSurvey, secrets: AppSecrets) {
    const setting = createSetting(survey);
    const parts = createFoundation(setting, survey, secrets);
    const { ci, media } = parts;
    this.#setting = setting;
    this.#signing = { ...secrets.signing, kms: signingKey(setting) };
    this.#parts = parts;
    this.database = parts.database;
    this.cache = parts.cache;
    this.image = parts.image;
    this.publicUrl = parts.loadBalancer.url;
    this.outputs = {
      region: setting.place.region,
      loadBalancer: parts.loadBalancer.dnsName,
      imageReference: parts.registry.reference,
      cluster: parts.cluster.clusterName,
      databaseInstance: parts.database.identifier,
      ...(media && { mediaBucket: media.bucketName }),
      ...(ci && { previewRole: ci.previewRoleArn, deployRole: ci.deployRoleArn }),
    };
  }

  migrate(blueprint: MigrationBlueprint, environment: Environment): AwsMigrations {
    const { config, identity, opts } = this.#setting;
    const { network, groups, cluster, tasks } = this.#parts;
    const task = new Task(
      'migrations',
      {
        ...tasks,
        command: blueprint.command,
        environment: this.#adapted(environment),
        cpus: 0.25,
        memoryMb: blueprint.memoryMb,
        // Nobody needs a shell in a task that lasts seconds.
        exec: false,
        // After SIGTERM the runner rolls back the file in hand.
        stopTimeoutSeconds: 60,
      },
      opts,
    );
    const run = new MigrationRun('migrations', {
      image: this.image.imageId,
      files: this.image.migrations,
      force: config.forceMigrations,
      lint: config.migrationLint,
      database: this.database.identity,
      login: loginMark(this.database),
      schema: config.databaseSchema,
      command: blueprint.command,
      seedCommand: [],
      timeoutSeconds: blueprint.timeoutSeconds,
      runner: {
        kind: 'ecs',
        ...connection(this.#setting),
        cluster: cluster.arn,
        taskDefinition: task.arn,
        container: task.containerName,
        subnets: network.taskSubnetIds,
        securityGroups: [groups.taskId],
        assignPublicIp: network.assignPublicIp,
        tags: { ...stackTags(identity), 'dev.slipway.role': 'migration' },
      },
    });
    return { run, task, outputs: { migrationLog: task.logGroupName } };
  }

  run(
    blueprint: ServiceBlueprint,
    environment: Environment,
    migrations: AwsMigrations,
  ): FargateService {
    const { config, opts } = this.#setting;
    const { network, groups, loadBalancer, cluster, tasks } = this.#parts;
    const { name } = blueprint;
    const media = blueprint.media ? this.#parts.media : undefined;
    const task = new Task(
      name,
      {
        ...tasks,
        command: blueprint.command,
        environment: this.#adapted(environment, media),
        cpus: blueprint.cpus,
        memoryMb: blueprint.memoryMb,
        port: blueprint.port,
        healthCheck: healthProbe(blueprint),
        stopTimeoutSeconds: blueprint.drainSeconds + 5,
        statements: media?.statements ?? [],
      },
      opts,
    );
    return new FargateService(
      name,
      {
        blueprint,
        task,
        clusterName: cluster.clusterName,
        subnetIds: network.taskSubnetIds,
        securityGroupIds: [groups.serviceIds[name] ?? groups.taskId],
        assignPublicIp: network.assignPublicIp,
        targetGroup: loadBalancer.targetGroups[name],
        spotPercent: config.spotPercent,
        scaling: this.#scaling(blueprint),
        exec: config.enableExec,
      },
      { ...opts, dependsOn: [migrations.run, this.cache] },
    );
  }

  rollout(services: FargateService[], routes: Route[], migrations: AwsMigrations): Rollout {
    const { loadBalancer, cluster, registry } = this.#parts;
    const targets = services.map(({ blueprint, serviceName, task }) => {
      const { name, livenessPath, readinessPath, replicas } = blueprint;
      const targetGroup = loadBalancer.targetGroups[name]?.arn;
      const routed = targetGroup ? { targetGroup, http: { livenessPath, readinessPath } } : {};
      const { arn: taskDefinition, containerName: container } = task;
      return { service: name, name: serviceName, taskDefinition, container, replicas, ...routed };
    });
    return new Rollout(
      'rollout',
      {
        release: this.image.imageId,
        targets,
        routes,
        timeoutSeconds: this.#setting.config.rolloutTimeoutSeconds,
        signing: this.#signing,
        built: this.image.built,
        runner: {
          kind: 'ecs',
          ...connection(this.#setting),
          cluster: cluster.arn,
          url: this.publicUrl,
          repoDigest: registry.repoDigest,
          registry: registry.place,
        },
      },
      { dependsOn: [migrations.run, ...services] },
    );
  }

  observe(services: FargateService[], migrations: AwsMigrations): Observed {
    const { config, place, prefix, profile, opts } = this.#setting;
    const { network, loadBalancer, cluster, key } = this.#parts;
    const { dashboardUrl } = new Observability(
      'observability',
      {
        prefix,
        place,
        level: profile.alarms,
        parts: {
          network,
          loadBalancer,
          cluster,
          services,
          migrations: migrations.task,
          postgres: this.database,
          valkey: this.cache,
          profile,
        },
        kmsKeyArn: key.arn,
        email: config.alarmEmail,
      },
      opts,
    );
    return { outputs: { dashboard: dashboardUrl } };
  }

  /** The environment as tasks here need it. */
  #adapted({ plain, secret }: Environment, media?: MediaBucket): Environment {
    return {
      plain: {
        ...plain,
        ...(media && { MEDIA_BUCKET: media.bucketName }),
        // An emulator's certificates are signed by nobody that the image trusts.
        ...(this.#setting.emulator && { NODE_TLS_REJECT_UNAUTHORIZED: '0' }),
      },
      secret,
    };
  }

  /** How load decides the number of tasks, where the profile lets it. The emulator cannot. */
  #scaling({ replicas }: ServiceBlueprint): ScalingArgs | undefined {
    const { emulator, identity, profile } = this.#setting;
    const { max, cpuTargetPercent } = profile.tasks;
    if (max <= replicas || emulator) return undefined;
    const loadBalancerArnSuffix = this.#parts.loadBalancer.arnSuffix;
    return { max, cpuTargetPercent, loadBalancerArnSuffix, namespace: identity.project };
  }
}

/** The key in KMS that signs instead of the stack's own, where one is named. */
function signingKey({ config, emulator }: Setting): Signing['kms'] {
  const { signingKeyArn: arn, awsProfile: profile } = config;
  return arn === undefined ? undefined : { arn, profile, endpoint: emulator?.endpoint };
}
