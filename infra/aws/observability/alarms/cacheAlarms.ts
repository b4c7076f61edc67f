import { minutes, type AlarmRow, type AlarmSubjects } from './alarmRow.ts';

export function cacheAlarms({ replicationGroupId, nodes }: AlarmSubjects['cache']): AlarmRow[] {
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
