import type { Rule } from '../rule.ts';
import { propertyRule } from '../shapes/propertyRule.ts';

const types = ['aws:elasticache/replicationGroup:ReplicationGroup'];

export const elastiCacheRules: Rule[] = [
  propertyRule({
    id: 'cache-backups',
    controls: ['ElastiCache.1'],
    title: 'Caches are backed up',
    severity: 'high',
    level: 'advisory',
    note: 'The cache holds jobs and fan-out, which can be made again. Off with `cost: lean`.',
    fix: 'Set snapshotRetentionLimit to 1 or more.',
    types,
    path: 'snapshotRetentionLimit',
    wanted: { least: 1 },
    byDefault: 0,
  }),
  propertyRule({
    id: 'cache-minor-upgrades',
    controls: ['ElastiCache.2'],
    title: 'Caches install minor upgrades by themselves',
    severity: 'high',
    level: 'mandatory',
    fix: 'Set autoMinorVersionUpgrade to true.',
    types,
    path: 'autoMinorVersionUpgrade',
    wanted: true,
    byDefault: true,
  }),
  propertyRule({
    id: 'cache-failover',
    controls: ['ElastiCache.3'],
    title: 'A replica replaces a cache that fails',
    severity: 'medium',
    level: 'advisory',
    note: 'Needs a second node; on with `cost: ha`.',
    fix: 'Set automaticFailoverEnabled to true and numCacheClusters to 2 or more.',
    types,
    path: 'automaticFailoverEnabled',
    wanted: true,
    byDefault: false,
  }),
  propertyRule({
    id: 'cache-encrypted',
    controls: ['ElastiCache.4'],
    title: 'Caches are encrypted at rest',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set atRestEncryptionEnabled to true.',
    types,
    path: 'atRestEncryptionEnabled',
    wanted: true,
    byDefault: false,
  }),
  propertyRule({
    id: 'cache-tls',
    controls: ['ElastiCache.5'],
    title: 'Caches are encrypted in transit',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set transitEncryptionEnabled to true.',
    types,
    path: 'transitEncryptionEnabled',
    wanted: true,
    byDefault: false,
  }),
  {
    id: 'cache-login',
    controls: ['ElastiCache.6'],
    title: 'Caches require a login',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set authToken or userGroupIds.',
    types,
    check: ({ props }) => {
      const login = ['authToken', 'authTokenWo', 'userGroupIds'].map((name) => props.get(name));
      // A login whose value is not known yet is a login.
      const exists = login.some(
        (value) => value.isUnknown || (value.isSet && value.list().length > 0),
      );
      return !exists && 'neither authToken nor userGroupIds is set';
    },
  },
  propertyRule({
    id: 'cache-own-subnets',
    controls: ['ElastiCache.7'],
    title: 'Caches are in subnets that the program chose',
    severity: 'high',
    level: 'mandatory',
    fix: 'Set subnetGroupName to a group with private subnets.',
    types,
    path: 'subnetGroupName',
    wanted: { not: ['default'] },
    byDefault: 'default',
  }),
];
