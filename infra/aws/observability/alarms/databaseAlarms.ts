import { minutes, type AlarmRow, type AlarmSubjects } from './alarmRow.ts';

export function databaseAlarms({
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

const gibibyte = 2 ** 30;

/** Memory by size, up to 2xlarge; RDS publishes no table to ask. */
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
