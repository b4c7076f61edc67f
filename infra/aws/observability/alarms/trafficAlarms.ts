import { minutes, type AlarmRow, type AlarmSubjects } from './alarmRow.ts';

export function loadBalancerAlarms({ loadBalancer }: AlarmSubjects): AlarmRow[] {
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

export function natAlarms({ zone, id }: AlarmSubjects['natGateways'][number]): AlarmRow[] {
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
