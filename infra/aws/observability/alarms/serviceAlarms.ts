import { minutes, type AlarmRow, type AlarmSubjects } from './alarmRow.ts';

type Service = AlarmSubjects['services'][number];

export function serviceAlarms(
  service: Service,
  loadBalancer: AlarmSubjects['loadBalancer'],
): AlarmRow[] {
  const { targetGroupArnSuffix } = service;
  if (targetGroupArnSuffix === undefined) return taskAlarms(service);
  const dimensions = {
    LoadBalancer: loadBalancer.arnSuffix,
    TargetGroup: targetGroupArnSuffix,
  };
  return [...taskAlarms(service), ...requestAlarms(service.name, dimensions)];
}

function taskAlarms(service: Service): AlarmRow[] {
  const { name } = service;
  const task = {
    namespace: 'AWS/ECS',
    dimensions: { ClusterName: service.clusterName, ServiceName: service.serviceName },
    statistic: 'Average',
    ...minutes(10, 15),
    comparison: '>',
    missing: 'notBreaching',
  } as const;
  return [
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
}

/** Alarms of a service that requests come to. */
function requestAlarms(name: string, dimensions: AlarmRow['dimensions']): AlarmRow[] {
  const target = { namespace: 'AWS/ApplicationELB', dimensions } as const;
  return [
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
