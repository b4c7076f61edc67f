import * as docker from '@pulumi/docker';
import type { AppImage } from '../platform.ts';
import type { AppSecrets } from '../secrets.ts';
import type { CiAccess } from './access/ciAccess.ts';
import { createAccess } from './access/createAccess.ts';
import type { EncryptionKey } from './access/encryptionKey.ts';
import { SecretStore } from './access/secretStore.ts';
import { Cluster } from './compute/cluster.ts';
import { Registry } from './compute/registry.ts';
import type { TaskSetting } from './compute/task.ts';
import { databaseRestore } from './data/databaseRestore.ts';
import { MediaBucket } from './data/mediaBucket.ts';
import { Postgres } from './data/postgres.ts';
import { Valkey } from './data/valkey.ts';
import { LoadBalancer } from './edge/loadBalancer.ts';
import { repositoryName, type RoleDefaults } from './naming.ts';
import { Network } from './network/network.ts';
import { SecurityGroups } from './network/securityGroups.ts';
import type { AwsSurvey } from './preflight/survey.ts';
import type { Setting } from './setting.ts';

/** The parts of a stack on AWS that stay from release to release, and the release's image. */
export interface Foundation {
  ci: CiAccess | undefined;
  /** Encrypts everything but the database. */
  key: EncryptionKey;
  network: Network;
  groups: SecurityGroups;
  loadBalancer: LoadBalancer;
  database: Postgres;
  cache: Valkey;
  /** On stacks with a service that needs it. */
  media: MediaBucket | undefined;
  image: AppImage;
  registry: Registry;
  cluster: Cluster;
  tasks: TaskSetting;
}

/** Registers the parts, each after those that it needs. */
export function createFoundation(
  setting: Setting,
  survey: AwsSurvey,
  secrets: AppSecrets,
): Foundation {
  const { services } = survey.blueprint;
  const { ci, roleDefaults, key, databaseKey } = createAccess(setting);

  const network = createNetwork(setting, survey.zones, roleDefaults);
  const groups = createSecurityGroups(setting, survey, network);
  const loadBalancer = createLoadBalancer(setting, survey, network, groups);

  const store = { setting, secrets, key, network, groups };
  const database = createDatabase({ ...store, databaseKey, roleDefaults });
  const cache = createCache(store);
  const media = services.some((service) => service.media) ? createMedia(setting, key) : undefined;

  // The image is pushed and read back before anything runs it.
  const image = survey.image(() => new docker.Provider('docker', { host: survey.dockerHost }));
  const registry = createRegistry(setting, survey.dockerHost, image, key);
  const cluster = createCluster(setting, key);
  const tasks = createTaskSetting(setting, roleDefaults, key, registry);
  return {
    ci,
    key,
    network,
    groups,
    loadBalancer,
    database,
    cache,
    media,
    image,
    registry,
    cluster,
    tasks,
  };
}

function createNetwork(setting: Setting, zones: string[], roleDefaults: RoleDefaults): Network {
  const { config, place, profile, opts } = setting;
  const { region, accountId } = place;
  return new Network(
    'network',
    { cidr: config.vpcCidr, zones, region, accountId, profile, roleDefaults },
    opts,
  );
}

function createSecurityGroups(
  { config, opts }: Setting,
  { blueprint, https }: AwsSurvey,
  { vpcId }: Network,
): SecurityGroups {
  const { services, routes } = blueprint;
  const { allowedCidrs } = config;
  return new SecurityGroups(
    'firewall',
    { vpcId, services, routes, allowedCidrs, https: https !== undefined },
    opts,
  );
}

function createLoadBalancer(
  { config, emulator, place, profile, opts }: Setting,
  { blueprint, https }: AwsSurvey,
  network: Network,
  groups: SecurityGroups,
): LoadBalancer {
  return new LoadBalancer(
    'gateway',
    {
      vpcId: network.vpcId,
      subnetIds: network.publicSubnetIds,
      securityGroupId: groups.loadBalancerId,
      services: blueprint.services,
      routes: blueprint.routes,
      accountId: place.accountId,
      emulatorEndpoint: emulator?.endpoint,
      https,
      waf: config.waf,
      protect: config.protect,
      logRetentionDays: profile.logRetentionDays,
    },
    opts,
  );
}

/** A store of data is made with these. */
interface StoreParts {
  setting: Setting;
  secrets: AppSecrets;
  key: EncryptionKey;
  network: Network;
  groups: SecurityGroups;
}

function createDatabase(
  parts: StoreParts & { databaseKey: EncryptionKey; roleDefaults: RoleDefaults },
): Postgres {
  const { config, place, prefix, profile, opts } = parts.setting;
  return new Postgres(
    'database',
    {
      prefix,
      place,
      roleDefaults: parts.roleDefaults,
      profile: profile.database,
      subnetIds: parts.network.databaseSubnetIds,
      securityGroupId: parts.groups.databaseId,
      ownerPassword: parts.secrets.databaseOwnerPassword,
      userPassword: parts.secrets.databasePassword,
      kmsKeyArn: parts.databaseKey.arn,
      logKmsKeyArn: parts.key.arn,
      logRetentionDays: profile.logRetentionDays,
      protect: config.protect,
      restore: databaseRestore(config),
    },
    opts,
  );
}

function createCache({ setting, secrets, key, network, groups }: StoreParts): Valkey {
  const { config, logPrefix, profile, opts } = setting;
  return new Valkey(
    'cache',
    {
      logGroupName: `${logPrefix}/valkey`,
      profile: profile.cache,
      subnetIds: network.databaseSubnetIds,
      securityGroupId: groups.cacheId,
      password: secrets.cachePassword,
      kmsKeyArn: key.arn,
      logRetentionDays: profile.logRetentionDays,
      protect: config.protect,
    },
    opts,
  );
}

function createMedia({ config, opts }: Setting, key: EncryptionKey): MediaBucket {
  return new MediaBucket('media', { kmsKeyArn: key.arn, protect: config.protect }, opts);
}

function createRegistry(
  { config, emulator, identity, opts }: Setting,
  dockerHost: string,
  image: AppImage,
  key: EncryptionKey,
): Registry {
  return new Registry(
    'registry',
    {
      repositoryName: repositoryName(identity),
      image: image.imageId,
      dockerHost,
      region: config.region,
      profile: config.awsProfile,
      endpoint: emulator?.endpoint,
      registryHost: config.registryHost,
      kmsKeyArn: config.cost === 'lean' ? undefined : key.arn,
      protect: config.protect,
    },
    opts,
  );
}

function createCluster({ config, logPrefix, profile, opts }: Setting, key: EncryptionKey): Cluster {
  const { containerInsights, logRetentionDays: retentionDays } = profile;
  const execLog = { name: `${logPrefix}/exec`, retentionDays, kmsKeyArn: key.arn };
  return new Cluster('cluster', { containerInsights, ...(config.enableExec && { execLog }) }, opts);
}

function createTaskSetting(
  { config, identity, place, prefix, logPrefix, profile, opts }: Setting,
  roleDefaults: RoleDefaults,
  key: EncryptionKey,
  registry: Registry,
): TaskSetting {
  const kmsKeyArn = key.arn;
  const { protect } = config;
  return {
    prefix,
    logPrefix,
    place,
    roleDefaults,
    architecture: config.architecture,
    image: registry.reference,
    repositoryArn: registry.repositoryArn,
    secretStore: new SecretStore('secrets', { stack: identity.stack, kmsKeyArn, protect }, opts),
    kmsKeyArn,
    logRetentionDays: profile.logRetentionDays,
    exec: config.enableExec,
  };
}
