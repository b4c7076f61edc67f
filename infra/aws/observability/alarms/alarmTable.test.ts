import * as pulumi from '@pulumi/pulumi';
import { describe, expect, it } from 'vitest';
import type { AlarmSubjects } from './alarmRow.ts';
import { alarmTable } from './alarmTable.ts';
import { maxConnections, memoryBytes } from './databaseAlarms.ts';

const subjects: AlarmSubjects = {
  loadBalancer: { arnSuffix: 'app/gateway/1' },
  services: [
    {
      name: 'api',
      clusterName: 'cluster',
      serviceName: 'api-1',
      targetGroupArnSuffix: 'targetgroup/api/1',
    },
    { name: 'worker', clusterName: 'cluster', serviceName: 'worker-1' },
  ],
  database: { identifier: 'slipway-prod-1', instanceClass: 'db.t4g.medium', storageGb: 50 },
  cache: { replicationGroupId: pulumi.output('cache'), nodes: 2 },
  natGateways: [{ zone: 'eu-central-1a', id: 'nat-1' }],
};
const rows = alarmTable(subjects);
const row = (name: string) => {
  const found = rows.find((candidate) => candidate.name === name);
  if (!found)
    throw new Error(
      `no alarm ${name}; there are: ${rows.map((candidate) => candidate.name).join(', ')}`,
    );
  return found;
};

describe.each(rows.map((candidate) => [candidate.name, candidate] as const))(
  'the alarm %s',
  (name, alarm) => {
    it('has a name that CloudWatch and Pulumi take', () => {
      expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(rows.filter((other) => other.name === name)).toHaveLength(1);
    });

    it('says what it means', () => {
      expect(alarm.description.length).toBeGreaterThan(30);
      expect(alarm.description).toMatch(/\.$/);
    });

    it('looks at whole minutes, and asks for no more points than it looks at', () => {
      expect(alarm.periodSeconds % 60).toBe(0);
      expect(alarm.points).toBeGreaterThan(0);
      expect(alarm.points).toBeLessThanOrEqual(alarm.of);
      // CloudWatch's most: a day of data points of a minute.
      expect(alarm.periodSeconds * alarm.of).toBeLessThanOrEqual(86_400);
    });

    it('names what it is about', () => {
      expect(Object.keys(alarm.dimensions).length).toBeGreaterThan(0);
      expect(alarm.namespace).toMatch(/^AWS\//);
      expect(Number.isFinite(alarm.threshold)).toBe(true);
    });
  },
);

describe('the table of alarms', () => {
  it('has the essential ones for a small stack', () => {
    const essential = rows.filter(({ level }) => level === 'essential').map(({ name }) => name);
    expect(essential).toEqual([
      'load-balancer-5xx',
      'api-memory',
      'api-down',
      'api-5xx',
      'worker-memory',
      'database-storage',
      'database-connections',
      'database-transaction-ids',
      'cache-001-memory',
      'cache-002-memory',
    ]);
  });

  it('takes silence for an outage where only silence tells of one', () => {
    const silent = rows.filter(({ missing }) => missing === 'breaching').map(({ name }) => name);
    expect(silent).toEqual(['api-down', 'database-storage']);
  });

  it('looks at requests only for a service that has some', () => {
    expect(rows.some(({ name }) => name === 'worker-down')).toBe(false);
  });

  it('looks at the lag of a cache only when it has a replica', () => {
    expect(row('cache-002-lag').threshold).toBe(10);
    const single = alarmTable({ ...subjects, cache: { ...subjects.cache, nodes: 1 } });
    expect(single.some(({ name }) => name.endsWith('-lag'))).toBe(false);
  });

  it('knows how many connections a class of database takes', () => {
    expect(maxConnections(memoryBytes('db.t4g.micro'))).toBe(112);
    expect(maxConnections(memoryBytes('db.r7g.2xlarge'))).toBe(5000);
    expect(row('database-connections').threshold).toBe(Math.floor(450 * 0.8));
    expect(() => memoryBytes('db.x2g.huge')).toThrow(/No memory is known/);
  });
});
