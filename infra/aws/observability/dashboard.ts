import * as pulumi from '@pulumi/pulumi';
import type { AlarmSubjects } from './alarms/alarmRow.ts';

type Text = pulumi.Input<string>;

export interface DashboardArgs {
  region: string;
  subjects: AlarmSubjects;
  /** Log group of each service. */
  logGroups: Text[];
}

/** CloudWatch's grid is 24 wide. */
const half = { width: 12, height: 6 };

/**
 * The dashboard's JSON: is it up and quick, have the tasks room, has the database, what do the logs
 * complain about.
 */
export function dashboardBody({
  region,
  subjects,
  logGroups,
}: DashboardArgs): pulumi.Output<string> {
  const { loadBalancer, services, database, cache } = subjects;
  const balancer = ['LoadBalancer', loadBalancer.arnSuffix];
  const instance = ['DBInstanceIdentifier', database.identifier];
  const cacheNode = ['CacheClusterId', cache.replicationGroupId.apply((id) => `${id}-001`)];
  const tasks = (metric: string) =>
    services.map(({ name, clusterName, serviceName }) => [
      'AWS/ECS',
      metric,
      'ClusterName',
      clusterName,
      'ServiceName',
      serviceName,
      { label: name },
    ]);
  const graph = (title: string, stat: string, metrics: unknown[][]) => ({
    type: 'metric',
    ...half,
    properties: { title, region, stat, period: 60, view: 'timeSeries', metrics },
  });
  const elb = (metric: string, options: object = {}) => [
    'AWS/ApplicationELB',
    metric,
    ...balancer,
    options,
  ];
  const rds = (metric: string, options: object = {}) => ['AWS/RDS', metric, ...instance, options];
  const valkey = (metric: string, options: object = {}) => [
    'AWS/ElastiCache',
    metric,
    ...cacheNode,
    options,
  ];
  const widgets = [
    graph('Requests and errors, a minute', 'Sum', [
      elb('RequestCount'),
      elb('HTTPCode_Target_4XX_Count'),
      elb('HTTPCode_Target_5XX_Count'),
      elb('HTTPCode_ELB_5XX_Count'),
    ]),
    graph('Response time, s', 'p50', [
      elb('TargetResponseTime', { label: 'p50' }),
      elb('TargetResponseTime', { label: 'p95', stat: 'p95' }),
      elb('TargetResponseTime', { label: 'p99', stat: 'p99' }),
    ]),
    graph('CPU of the tasks, %', 'Average', tasks('CPUUtilization')),
    graph('Memory of the tasks, %', 'Average', tasks('MemoryUtilization')),
    graph('Database: CPU, %, and connections', 'Average', [
      rds('CPUUtilization'),
      rds('DatabaseConnections', { yAxis: 'right' }),
    ]),
    graph('Database: storage and memory left, bytes', 'Minimum', [
      rds('FreeStorageSpace'),
      rds('FreeableMemory', { yAxis: 'right' }),
    ]),
    graph('Cache: CPU and memory, %', 'Average', [
      valkey('EngineCPUUtilization'),
      valkey('DatabaseMemoryUsagePercentage'),
    ]),
    {
      type: 'log',
      ...half,
      properties: {
        title: 'Errors in the logs',
        region,
        view: 'table',
        query: errorQuery(logGroups),
      },
    },
  ];
  return pulumi.jsonStringify({
    widgets: widgets.map((widget, index) => ({
      x: (index % 2) * 12,
      y: Math.floor(index / 2) * 6,
      ...widget,
    })),
  });
}

/** pino writes levels as numbers: 50 is error. */
function errorQuery(logGroups: Text[]): pulumi.Output<string> {
  return pulumi.all(logGroups).apply((names) => {
    const sources = names.map((name) => `SOURCE '${name}'`).join(' | ');
    return `${sources} | fields @timestamp, level, msg | filter level >= 50 | sort @timestamp desc | limit 50`;
  });
}
