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
 * The dashboard's JSON. It shows whether the site is up and quick, whether the tasks and the
 * database have room, and the errors in the logs.
 */
export function dashboardBody(args: DashboardArgs): pulumi.Output<string> {
  return pulumi.jsonStringify({
    widgets: widgets(args).map((widget, index) => ({
      x: (index % 2) * 12,
      y: Math.floor(index / 2) * 6,
      ...widget,
    })),
  });
}

function widgets({ region, subjects, logGroups }: DashboardArgs): object[] {
  const { elb, tasks, rds, valkey } = metricsOf(subjects);
  const graph = (title: string, stat: string, metrics: unknown[][]) => ({
    type: 'metric',
    ...half,
    properties: { title, region, stat, period: 60, view: 'timeSeries', metrics },
  });
  return [
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
}

/** A metric of one part of the stack, as a graph names it. */
type Metric = (name: string, options?: object) => unknown[];

function metricsOf({ loadBalancer, services, database, cache }: AlarmSubjects): {
  elb: Metric;
  rds: Metric;
  valkey: Metric;
  tasks: (name: string) => unknown[][];
} {
  const of =
    (namespace: string, ...dimension: [string, Text]): Metric =>
    (name, options = {}) => [namespace, name, ...dimension, options];
  return {
    elb: of('AWS/ApplicationELB', 'LoadBalancer', loadBalancer.arnSuffix),
    rds: of('AWS/RDS', 'DBInstanceIdentifier', database.identifier),
    valkey: of(
      'AWS/ElastiCache',
      'CacheClusterId',
      cache.replicationGroupId.apply((id) => `${id}-001`),
    ),
    tasks: (metric) =>
      services.map(({ name, clusterName, serviceName }) => [
        'AWS/ECS',
        metric,
        'ClusterName',
        clusterName,
        'ServiceName',
        serviceName,
        { label: name },
      ]),
  };
}

/** pino writes levels as numbers: 50 is error. */
function errorQuery(logGroups: Text[]): pulumi.Output<string> {
  return pulumi.all(logGroups).apply((names) => {
    const sources = names.map((name) => `SOURCE '${name}'`).join(' | ');
    return `${sources} | fields @timestamp, level, msg | filter level >= 50 | sort @timestamp desc | limit 50`;
  });
}
