import type * as pulumi from '@pulumi/pulumi';

type Text = pulumi.Input<string>;

/** What is watched. */
export interface AlarmSubjects {
  loadBalancer: { arnSuffix: Text };
  services: {
    name: string;
    clusterName: Text;
    serviceName: Text;
    /** Of a service that requests come to. */
    targetGroupArnSuffix?: Text;
  }[];
  database: { identifier: Text; instanceClass: string; storageGb: number };
  /** `replicas` beside the primary. */
  cache: { replicationGroupId: pulumi.Output<string>; nodes: number };
  natGateways: { zone: string; id: Text }[];
}

/** One alarm. */
export interface AlarmRow {
  /** Kebab-case, unique in a stack. */
  name: string;
  /** `essential` ones belong to every stack, `full` ones to those whose profile says so. */
  level: 'essential' | 'full';
  /** What it means, and what to look at first: the mail says it. */
  description: string;
  namespace: string;
  metric: string;
  dimensions: Record<string, Text>;
  /** `p95` and the like are percentiles. */
  statistic: 'Average' | 'Maximum' | 'Minimum' | 'Sum' | `p${number}`;
  /** Length of a data point, seconds. */
  periodSeconds: number;
  /** So many of the last `of` data points must be beyond the threshold. */
  points: number;
  of: number;
  comparison: '>' | '>=' | '<';
  threshold: number;
  /** What no data means: nothing wrong, or that something does not even report. */
  missing: 'notBreaching' | 'breaching';
}

/** Every alarm of a stack: one table, rendered by `Observability`. */
export function alarmTable(subjects: AlarmSubjects): AlarmRow[] {
  return [
    ...loadBalancerAlarms(subjects),
    ...subjects.services.flatMap((service) => serviceAlarms(service, subjects.loadBalancer)),
    ...databaseAlarms(subjects.database),
    ...cacheAlarms(subjects.cache),
    ...subjects.natGateways.flatMap(natAlarms),
  ];
}

function loadBalancerAlarms({ loadBalancer }: AlarmSubjects): AlarmRow[] {
  const common = {
    namespace: 'AWS/ApplicationELB',
    dimensions: { LoadBalancer: loadBalancer.arnSuffix },
    ...minutes(3, 5),
    missing: 'notBreaching',
  } as const;
  return [
    {
      ...common,
      name: 'load-balancer-5xx',
      level: 'essential',
      description:
        'The load balancer itself answers errors: no healthy task, or tasks that close connections.',
      metric: 'HTTPCode_ELB_5XX_Count',
      statistic: 'Sum',
      comparison: '>=',
      threshold: 5,
    },
    {
      ...common,
      name: 'load-balancer-rejected',
      level: 'full',
      description: 'The load balancer has as many connections as it can take.',
      metric: 'RejectedConnectionCount',
      statistic: 'Sum',
      comparison: '>',
      threshold: 0,
    },
  ];
}

function serviceAlarms(
  service: AlarmSubjects['services'][number],
  loadBalancer: AlarmSubjects['loadBalancer'],
): AlarmRow[] {
  const { name, targetGroupArnSuffix } = service;
  const task = {
    namespace: 'AWS/ECS',
    dimensions: { ClusterName: service.clusterName, ServiceName: service.serviceName },
    statistic: 'Average',
    ...minutes(10, 15),
    comparison: '>',
    missing: 'notBreaching',
  } as const;
  const own: AlarmRow[] = [
    {
      ...task,
      name: `${name}-cpu`,
      level: 'full',
      description: `The ${name} tasks are busy although autoscaling had time: it may be at its most.`,
      metric: 'CPUUtilization',
      threshold: 85,
    },
    {
      ...task,
      name: `${name}-memory`,
      level: 'essential',
      description: `The ${name} tasks are about to run out of memory and to be killed: a leak, or apiMemoryMb is too small.`,
      metric: 'MemoryUtilization',
      threshold: 85,
    },
  ];
  if (targetGroupArnSuffix === undefined) return own;
  const target = {
    namespace: 'AWS/ApplicationELB',
    dimensions: { LoadBalancer: loadBalancer.arnSuffix, TargetGroup: targetGroupArnSuffix },
  } as const;
  return [
    ...own,
    {
      ...target,
      name: `${name}-down`,
      level: 'essential',
      description: `No ${name} task is healthy: the site is down. See the service's events and its log.`,
      metric: 'HealthyHostCount',
      statistic: 'Maximum',
      ...minutes(2, 2),
      comparison: '<',
      threshold: 1,
      missing: 'breaching',
    },
    {
      ...target,
      name: `${name}-unhealthy`,
      level: 'full',
      description: `A ${name} task has not been healthy for a while: it does not reach the database or the cache, or hangs.`,
      metric: 'UnHealthyHostCount',
      statistic: 'Minimum',
      ...minutes(5, 5),
      comparison: '>',
      threshold: 0,
      missing: 'notBreaching',
    },
    {
      ...target,
      name: `${name}-5xx`,
      level: 'essential',
      description: `The ${name} tasks answer errors. See its log for lines of level error.`,
      metric: 'HTTPCode_Target_5XX_Count',
      statistic: 'Sum',
      ...minutes(3, 5),
      comparison: '>=',
      threshold: 5,
      missing: 'notBreaching',
    },
    {
      ...target,
      name: `${name}-latency`,
      level: 'full',
      description: `One in twenty requests to ${name} takes longer than a second. See the database's load first.`,
      metric: 'TargetResponseTime',
      statistic: 'p95',
      ...minutes(5, 10),
      comparison: '>',
      threshold: 1,
      missing: 'notBreaching',
    },
  ];
}

function databaseAlarms({
  identifier,
  instanceClass,
  storageGb,
}: AlarmSubjects['database']): AlarmRow[] {
  const common = {
    namespace: 'AWS/RDS',
    dimensions: { DBInstanceIdentifier: identifier },
    statistic: 'Average',
    missing: 'notBreaching',
  } as const;
  const memory = memoryBytes(instanceClass);
  return [
    {
      ...common,
      name: 'database-cpu',
      level: 'full',
      description: 'The database is busy: Performance Insights shows with which statements.',
      metric: 'CPUUtilization',
      ...minutes(10, 15),
      comparison: '>',
      threshold: 80,
    },
    {
      ...common,
      name: 'database-storage',
      level: 'essential',
      description:
        'The database is about to run out of storage: it grows by itself, but has reached its most or grows too fast.',
      metric: 'FreeStorageSpace',
      ...minutes(5, 5),
      comparison: '<',
      threshold: Math.max(2, storageGb * 0.08) * gibibyte,
      missing: 'breaching',
    },
    {
      ...common,
      name: 'database-memory',
      level: 'full',
      description:
        'The database is short of memory: too many connections, or a class that is too small.',
      metric: 'FreeableMemory',
      ...minutes(10, 15),
      comparison: '<',
      threshold: Math.round(memory * 0.05),
    },
    {
      ...common,
      name: 'database-connections',
      level: 'essential',
      description:
        'The database has almost as many connections as it takes: tasks × DATABASE_POOL_MAX must stay below.',
      metric: 'DatabaseConnections',
      statistic: 'Maximum',
      ...minutes(3, 5),
      comparison: '>',
      threshold: Math.floor(maxConnections(memory) * 0.8),
    },
    {
      ...common,
      name: 'database-transaction-ids',
      level: 'essential',
      description:
        'Vacuum does not keep up; at two thousand million the database stops writing. Look for transactions that stay open.',
      metric: 'MaximumUsedTransactionIDs',
      statistic: 'Maximum',
      ...minutes(5, 5),
      comparison: '>',
      threshold: 1_000_000_000,
    },
  ];
}

function cacheAlarms({ replicationGroupId, nodes }: AlarmSubjects['cache']): AlarmRow[] {
  return Array.from({ length: nodes }, (_, index) => String(index + 1).padStart(3, '0')).flatMap(
    (node) => {
      const common = {
        namespace: 'AWS/ElastiCache',
        dimensions: { CacheClusterId: replicationGroupId.apply((id) => `${id}-${node}`) },
        statistic: 'Average',
        ...minutes(10, 15),
        comparison: '>',
        missing: 'notBreaching',
      } as const;
      const rows: AlarmRow[] = [
        {
          ...common,
          name: `cache-${node}-memory`,
          level: 'essential',
          description:
            'The cache is almost full; then it refuses new jobs. See how long the queues are.',
          metric: 'DatabaseMemoryUsagePercentage',
          threshold: 80,
        },
        {
          ...common,
          name: `cache-${node}-cpu`,
          level: 'full',
          description: 'The cache is busy: its one thread is what limits it.',
          metric: 'EngineCPUUtilization',
          threshold: 80,
        },
      ];
      if (nodes === 1) return rows;
      const lag: AlarmRow = {
        ...common,
        name: `cache-${node}-lag`,
        level: 'full',
        description:
          'A replica of the cache is behind, s: what it lacks is lost when it takes over.',
        metric: 'ReplicationLag',
        statistic: 'Maximum',
        threshold: 10,
      };
      return [...rows, lag];
    },
  );
}

function natAlarms({ zone, id }: AlarmSubjects['natGateways'][number]): AlarmRow[] {
  const common = {
    level: 'full',
    namespace: 'AWS/NATGateway',
    dimensions: { NatGatewayId: id },
    statistic: 'Sum',
    ...minutes(5, 5),
    comparison: '>',
    missing: 'notBreaching',
  } as const;
  return [
    {
      ...common,
      name: `nat-${zone}-ports`,
      description: 'A NAT gateway has no port left for one destination: connections to it fail.',
      metric: 'ErrorPortAllocation',
      threshold: 0,
    },
    {
      ...common,
      name: `nat-${zone}-drops`,
      description: 'A NAT gateway drops packets: see whether its zone is well.',
      metric: 'PacketsDropCount',
      threshold: 100,
    },
  ];
}

function minutes(points: number, of: number): Pick<AlarmRow, 'periodSeconds' | 'points' | 'of'> {
  return { periodSeconds: 60, points, of };
}

const gibibyte = 2 ** 30;

/** Of the sizes up to 2xlarge; RDS publishes no table to ask. */
const memoryGb: Record<string, number> = {
  micro: 1,
  small: 2,
  medium: 4,
  large: 8,
  xlarge: 16,
  '2xlarge': 32,
};

/**
 * @param instanceClass such as `db.t4g.medium`; one that starts with `db.r` has twice the memory
 */
export function memoryBytes(instanceClass: string): number {
  const [, family = '', size = ''] = instanceClass.split('.');
  const gb = memoryGb[size];
  if (gb === undefined)
    throw new RangeError(`No memory is known for the database class ${instanceClass}.`);
  const memoryOptimised = family.startsWith('r');
  return gb * gibibyte * (memoryOptimised ? 2 : 1);
}

/** RDS' default for Postgres: LEAST(DBInstanceClassMemory / 9531392, 5000). */
export function maxConnections(memory: number): number {
  return Math.min(Math.floor(memory / 9_531_392), 5000);
}
