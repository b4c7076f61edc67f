import * as docker from '@pulumi/docker';
import type * as pulumi from '@pulumi/pulumi';
import type { Blueprint, MigrationBlueprint, Route, ServiceBlueprint } from '../blueprint.ts';
import type { AwsConfig, Config } from '../config/config.ts';
import type { CreatePlatform } from '../createPlatform.ts';
import type { Environment } from '../environment.ts';
import { healthProbe } from '../image/healthProbe.ts';
import type { StackIdentity } from '../docker-engine/labels.ts';
import type { AppImage, Platform } from '../platform.ts';
import type { AwsConnection } from '../release/awsConnection.ts';
import { MigrationRun } from '../release/migrationRun.ts';
import { Rollout } from '../release/rollout.ts';
import type { AppSecrets } from '../secrets.ts';
import { awsProvider, stackTags } from './awsProvider.ts';
import { CiAccess } from './access/ciAccess.ts';
import { Cluster } from './compute/cluster.ts';
import { databaseRestore } from './data/databaseRestore.ts';
import { EncryptionKey } from './access/encryptionKey.ts';
import { FargateService } from './compute/fargateService.ts';
import { LoadBalancer } from './edge/loadBalancer.ts';
import { MediaBucket } from './data/mediaBucket.ts';
import { partitionOf, rolePath } from './naming.ts';
import { Network } from './network/network.ts';
import { Observability } from './observability/observability.ts';
import type { AwsPlace } from './access/policies.ts';
import { Postgres } from './data/postgres.ts';
import { createProfile, type Profile } from '../config/profile.ts';
import { Registry } from './compute/registry.ts';
import { SecretStore } from './access/secretStore.ts';
import { SecurityGroups } from './network/securityGroups.ts';
import { surveyAws, type AwsSurvey } from './preflight/survey.ts';
import { Task, type TaskSetting } from './compute/task.ts';
import { Valkey } from './data/valkey.ts';

/** A stack on AWS: tasks on ECS Fargate behind a load balancer, the data in RDS and ElastiCache. */
export class AwsPlatform implements Platform<FargateService> {
  readonly database: Postgres;
  readonly cache: Valkey;
  readonly image: AppImage;
  readonly publicUrl: pulumi.Output<string>;

  private readonly survey: AwsSurvey;
  private readonly profile: Profile;
  private readonly place: AwsPlace;
  private readonly opts: pulumi.ComponentResourceOptions;
  private readonly access: CiAccess | undefined;
  private readonly key: EncryptionKey;
  private readonly network: Network;
  private readonly groups: SecurityGroups;
  private readonly loadBalancer: LoadBalancer;
  private readonly media: MediaBucket | undefined;
  private readonly registry: Registry;
  private readonly cluster: Cluster;
  private readonly taskSetting: TaskSetting;
  private migrations: Task | undefined;
  private observability: Observability | undefined;

  /** @throws UserError when the stack could not come up */
  static async survey(
    config: Config,
    identity: StackIdentity,
    blueprint: Blueprint,
  ): Promise<CreatePlatform> {
    const survey = await surveyAws(config, identity, blueprint);
    return (secrets) => new AwsPlatform(survey, secrets);
  }

  constructor(survey: AwsSurvey, secrets: AppSecrets) {
    const { config, identity, blueprint, emulator } = survey;
    const { region, awsProfile, awsAccountId: accountId, protect } = config;
    const profile = createProfile(config);
    const place = { partition: partitionOf(region), region, accountId };
    const names = {
      prefix: `${identity.project}-${identity.stack}`,
      logPrefix: `/${identity.project}/${identity.stack}`,
    };
    const { logRetentionDays } = profile;
    const opts = {
      providers: [awsProvider({ region, profile: awsProfile, accountId, identity, emulator })],
    };
    this.survey = survey;
    this.profile = profile;
    this.place = place;
    this.opts = opts;

    this.access = ciAccess(config, opts);
    const roleDefaults = this.access?.roleDefaults ?? rolePath();

    // The database has a key of its own: a snapshot may have to be shared with another account.
    const key = { place, protect, aliasPrefix: `alias/${names.prefix}` };
    const databaseKey = new EncryptionKey(
      'database-key',
      { ...key, description: 'Database, backups, snapshots' },
      opts,
    );
    this.key = new EncryptionKey(
      'app-key',
      {
        ...key,
        description: 'Secrets, cache, media, images, logs, alerts',
        usedBy: ['logs', 'alerts'],
      },
      opts,
    );
    const kmsKeyArn = this.key.arn;

    this.network = new Network(
      'network',
      { cidr: config.vpcCidr, zones: survey.zones, region, accountId, profile, roleDefaults },
      opts,
    );
    const { services, routes } = blueprint;
    const { vpcId } = this.network;
    this.groups = new SecurityGroups(
      'firewall',
      {
        vpcId,
        services,
        routes,
        allowedCidrs: config.allowedCidrs,
        https: survey.https !== undefined,
      },
      opts,
    );
    this.loadBalancer = new LoadBalancer(
      'gateway',
      {
        vpcId,
        subnetIds: this.network.publicSubnetIds,
        securityGroupId: this.groups.loadBalancerId,
        services,
        routes,
        accountId,
        emulatorEndpoint: emulator?.endpoint,
        https: survey.https,
        waf: config.waf,
        protect,
        logRetentionDays,
      },
      opts,
    );

    const store = { subnetIds: this.network.databaseSubnetIds, logRetentionDays, protect };
    this.database = new Postgres(
      'database',
      {
        ...store,
        prefix: names.prefix,
        place,
        roleDefaults,
        profile: profile.database,
        securityGroupId: this.groups.databaseId,
        password: secrets.databasePassword,
        kmsKeyArn: databaseKey.arn,
        logKmsKeyArn: kmsKeyArn,
        restore: databaseRestore(config),
      },
      opts,
    );
    this.cache = new Valkey(
      'cache',
      {
        ...store,
        logGroupName: `${names.logPrefix}/valkey`,
        profile: profile.cache,
        securityGroupId: this.groups.cacheId,
        password: secrets.cachePassword,
        kmsKeyArn,
      },
      opts,
    );
    if (services.some(({ media }) => media))
      this.media = new MediaBucket('media', { kmsKeyArn, protect }, opts);

    // The image is pushed and read back before anything runs it.
    this.image = survey.image(() => new docker.Provider('docker', { host: survey.dockerHost }));
    this.registry = new Registry(
      'registry',
      {
        repositoryName: `${names.prefix}/app`,
        image: this.image.imageId,
        dockerHost: survey.dockerHost,
        region,
        profile: awsProfile,
        endpoint: emulator?.endpoint,
        registryHost: config.registryHost,
        kmsKeyArn: config.cost === 'lean' ? undefined : kmsKeyArn,
        protect,
      },
      opts,
    );

    const execLog = { name: `${names.logPrefix}/exec`, retentionDays: logRetentionDays, kmsKeyArn };
    this.cluster = new Cluster(
      'cluster',
      { containerInsights: profile.containerInsights, ...(config.enableExec && { execLog }) },
      opts,
    );
    this.taskSetting = {
      ...names,
      place,
      roleDefaults,
      architecture: config.architecture,
      image: this.registry.reference,
      repositoryArn: this.registry.repositoryArn,
      secretStore: new SecretStore('secrets', { stack: identity.stack, kmsKeyArn, protect }, opts),
      kmsKeyArn,
      logRetentionDays,
      exec: config.enableExec,
    };
    this.publicUrl = this.loadBalancer.url;
  }

  migrate(blueprint: MigrationBlueprint, environment: Environment): MigrationRun {
    const { config } = this.survey;
    const task = new Task(
      'migrations',
      {
        ...this.taskSetting,
        command: blueprint.command,
        environment: this.adapted(environment),
        cpus: 0.25,
        memoryMb: blueprint.memoryMb,
        // Nobody needs a shell in a task that lasts seconds.
        exec: false,
        // After SIGTERM the runner rolls back the file in hand.
        stopTimeoutSeconds: 60,
      },
      this.opts,
    );
    this.migrations = task;
    return new MigrationRun('migrations', {
      image: this.image.imageId,
      files: this.image.migrations,
      force: config.forceMigrations,
      lint: config.migrationLint,
      database: this.database.identity,
      schema: config.databaseSchema,
      command: blueprint.command,
      seedCommand: [],
      timeoutSeconds: blueprint.timeoutSeconds,
      runner: {
        kind: 'ecs',
        ...this.connection(),
        cluster: this.cluster.arn,
        taskDefinition: task.arn,
        container: task.containerName,
        subnets: this.network.taskSubnetIds,
        securityGroups: [this.groups.taskId],
        assignPublicIp: this.network.assignPublicIp,
        tags: { ...stackTags(this.survey.identity), 'dev.slipway.role': 'migration' },
      },
    });
  }

  run(
    blueprint: ServiceBlueprint,
    environment: Environment,
    migrations: MigrationRun,
  ): FargateService {
    const { config, emulator, identity } = this.survey;
    const { name } = blueprint;
    const media = blueprint.media ? this.media : undefined;
    const task = new Task(
      name,
      {
        ...this.taskSetting,
        command: blueprint.command,
        environment: this.adapted(environment, media),
        cpus: blueprint.cpus,
        memoryMb: blueprint.memoryMb,
        port: blueprint.port,
        healthCheck: healthProbe(blueprint),
        stopTimeoutSeconds: blueprint.drainSeconds + 5,
        statements: media?.statements ?? [],
      },
      this.opts,
    );
    const { max, cpuTargetPercent } = this.profile.tasks;
    const loadBalancerArnSuffix = this.loadBalancer.arnSuffix;
    const scaling = { max, cpuTargetPercent, loadBalancerArnSuffix, namespace: identity.project };
    return new FargateService(
      name,
      {
        blueprint,
        task,
        clusterName: this.cluster.clusterName,
        subnetIds: this.network.taskSubnetIds,
        securityGroupIds: [this.groups.serviceIds[name] ?? this.groups.taskId],
        assignPublicIp: this.network.assignPublicIp,
        targetGroup: this.loadBalancer.targetGroups[name],
        spotPercent: config.spotPercent,
        // The emulator knows no autoscaling.
        scaling: max > blueprint.replicas && !emulator ? scaling : undefined,
        exec: config.enableExec,
      },
      { ...this.opts, dependsOn: [migrations, this.cache] },
    );
  }

  rollout(services: FargateService[], routes: Route[], migrations: MigrationRun): Rollout {
    const { config } = this.survey;
    this.observability = this.observe(services);
    const targets = services.map(({ blueprint, serviceName, task }) => {
      const { name, livenessPath, readinessPath, replicas } = blueprint;
      const targetGroup = this.loadBalancer.targetGroups[name]?.arn;
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
        timeoutSeconds: config.rolloutTimeoutSeconds,
        runner: {
          kind: 'ecs',
          ...this.connection(),
          cluster: this.cluster.arn,
          url: this.publicUrl,
          repoDigest: this.registry.repoDigest,
        },
      },
      { dependsOn: [migrations, ...services] },
    );
  }

  outputs(): Record<string, pulumi.Input<unknown>> {
    return {
      region: this.place.region,
      loadBalancer: this.loadBalancer.dnsName,
      imageReference: this.registry.reference,
      cluster: this.cluster.clusterName,
      databaseInstance: this.database.identifier,
      ...(this.media && { mediaBucket: this.media.bucketName }),
      ...(this.migrations && { migrationLog: this.migrations.logGroupName }),
      ...(this.access && {
        previewRole: this.access.previewRoleArn,
        deployRole: this.access.deployRoleArn,
      }),
      ...(this.observability && { dashboard: this.observability.dashboardUrl }),
    };
  }

  private observe(services: FargateService[]): Observability | undefined {
    const { taskSetting, profile, place, network, loadBalancer, cluster, migrations } = this;
    const { database: postgres, cache: valkey } = this;
    if (!migrations) return undefined;
    return new Observability(
      'observability',
      {
        prefix: taskSetting.prefix,
        place,
        level: profile.alarms,
        parts: { network, loadBalancer, cluster, services, migrations, postgres, valkey, profile },
        kmsKeyArn: this.key.arn,
        email: this.survey.config.alarmEmail,
      },
      this.opts,
    );
  }

  /** The environment as tasks here need it. */
  private adapted(environment: Environment, media?: MediaBucket): Environment {
    const plain = {
      ...environment.plain,
      ...(media && { MEDIA_BUCKET: media.bucketName }),
      // An emulator's certificates are signed by nobody that the image trusts.
      ...(this.survey.emulator && { NODE_TLS_REJECT_UNAUTHORIZED: '0' }),
    };
    return { plain, secret: environment.secret };
  }

  /** Where the release provider asks AWS, and as whom. */
  private connection(): AwsConnection {
    const { region, awsProfile: profile } = this.survey.config;
    const endpoint = this.survey.emulator?.endpoint;
    return {
      region,
      ...(profile !== undefined && { profile }),
      ...(endpoint !== undefined && {
        endpoints: { ecs: endpoint, logs: endpoint, elbv2: endpoint },
      }),
    };
  }
}

/** Rights of the repository's workflows, where a repository is named. */
function ciAccess(config: AwsConfig, opts: pulumi.ComponentResourceOptions): CiAccess | undefined {
  const { githubRepository: repository, stateBucket } = config;
  if (repository === undefined || stateBucket === undefined) return undefined;
  return new CiAccess(
    'ci',
    {
      repository,
      environment: config.githubEnvironment,
      region: config.region,
      accountId: config.awsAccountId,
      stateBucket,
      stateKeyArn: config.stateKeyArn,
      oidcProviderArn: config.githubOidcProviderArn,
    },
    opts,
  );
}
