/** Sizes and redundancy of a stack on AWS: the key `cost`. */
export type Cost = (typeof costs)[number];

export const costs = ['lean', 'standard', 'ha'] as const;

/** The shape and sizes of a stack on AWS. Pure values: every component reads its own part. */
export interface Profile {
  /** Availability zones that hold subnets. A load balancer wants two at least. */
  zones: 2 | 3;
  /**
   * How tasks reach the internet: `none` gives each a public address in a public subnet (its
   * security group lets nobody in but the load balancer), `single` sends all through one NAT
   * gateway, `perZone` through one in their own zone.
   */
  nat: 'none' | 'single' | 'perZone';
  tasks: TaskProfile;
  database: DatabaseProfile;
  cache: CacheProfile;
  /** How long CloudWatch keeps logs, days. The key `logRetentionDays` wins. */
  logRetentionDays: number;
  /**
   * The VPC flows to log. Refused ones show probing and wrong rules; all of them show who talked to
   * whom.
   */
  flowLogs: 'REJECT' | 'ALL';
  /** CloudWatch Container Insights, billed per metric. */
  containerInsights: boolean;
  /** `essential`: is it up, is a disk full. `full`: latency, saturation and errors as well. */
  alarms: 'essential' | 'full';
}

/** Tasks of the api. */
interface TaskProfile {
  /** vCPUs of one task, unless `apiCpus` is set. A size that Fargate offers. */
  cpus: number;
  /** Memory of one task, MiB, unless `apiMemoryMb` is set. */
  memoryMb: number;
  /** Fewest tasks, unless `replicas` is set. */
  min: number;
  /** Most tasks that autoscaling starts. */
  max: number;
  /** Autoscaling adds tasks above this mean CPU, percent. */
  cpuTargetPercent: number;
}

/** RDS for PostgreSQL. */
export interface DatabaseProfile {
  instanceClass: string;
  /** Storage at the start, GiB (gp3). */
  storageGb: number;
  /** Storage grows by itself up to this, GiB. */
  maxStorageGb: number;
  /** A standby in another zone that takes over by itself. */
  multiAz: boolean;
  /** How far back point-in-time recovery reaches, days. */
  backupDays: number;
  /** Interval of enhanced monitoring, seconds; 0 is off. */
  monitoringSeconds: 0 | 60;
  /** Performance Insights with its free seven days. */
  performanceInsights: boolean;
}

/** ElastiCache for Valkey. */
export interface CacheProfile {
  nodeType: string;
  /** A primary, and replicas in other zones. With two or more, one takes over by itself. */
  nodes: number;
  multiAz: boolean;
  /** Daily snapshots kept, days; 0 is none. */
  snapshotDays: number;
}

const profiles: Record<Cost, Profile> = {
  /**
   * Something real for little money: one task, and a zone that fails takes the database along until
   * it is restored.
   */
  lean: {
    zones: 2,
    nat: 'none',
    tasks: { cpus: 0.25, memoryMb: 512, min: 1, max: 3, cpuTargetPercent: 70 },
    database: {
      instanceClass: 'db.t4g.micro',
      storageGb: 20,
      maxStorageGb: 50,
      multiAz: false,
      backupDays: 7,
      monitoringSeconds: 0,
      performanceInsights: false,
    },
    cache: { nodeType: 'cache.t4g.micro', nodes: 1, multiAz: false, snapshotDays: 0 },
    logRetentionDays: 14,
    flowLogs: 'REJECT',
    containerInsights: false,
    alarms: 'essential',
  },
  /** Tasks in private subnets and in two zones; the database and the cache are in one zone each. */
  standard: {
    zones: 2,
    nat: 'single',
    tasks: { cpus: 0.5, memoryMb: 1024, min: 2, max: 6, cpuTargetPercent: 60 },
    database: {
      instanceClass: 'db.t4g.medium',
      storageGb: 50,
      maxStorageGb: 200,
      multiAz: false,
      backupDays: 14,
      monitoringSeconds: 60,
      performanceInsights: true,
    },
    cache: { nodeType: 'cache.t4g.small', nodes: 1, multiAz: false, snapshotDays: 1 },
    logRetentionDays: 30,
    flowLogs: 'ALL',
    containerInsights: true,
    alarms: 'full',
  },
  /**
   * Any one zone may fail: everything has a second in another zone, and nothing crosses zones to
   * get out.
   */
  ha: {
    zones: 3,
    nat: 'perZone',
    tasks: { cpus: 1, memoryMb: 2048, min: 3, max: 12, cpuTargetPercent: 50 },
    database: {
      instanceClass: 'db.m7g.large',
      storageGb: 100,
      maxStorageGb: 1000,
      multiAz: true,
      backupDays: 35,
      monitoringSeconds: 60,
      performanceInsights: true,
    },
    cache: { nodeType: 'cache.m7g.large', nodes: 2, multiAz: true, snapshotDays: 7 },
    logRetentionDays: 90,
    flowLogs: 'ALL',
    containerInsights: true,
    alarms: 'full',
  },
};

/** The profile of a stack, with what its configuration says otherwise. */
export function createProfile(overrides: {
  cost: Cost;
  logRetentionDays?: number | undefined;
  replicas?: number | undefined;
}): Profile {
  const profile = profiles[overrides.cost];
  const min = overrides.replicas ?? profile.tasks.min;
  return {
    ...profile,
    logRetentionDays: overrides.logRetentionDays ?? profile.logRetentionDays,
    tasks: { ...profile.tasks, min, max: Math.max(profile.tasks.max, min) },
  };
}
