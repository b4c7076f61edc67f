import { flagRule } from '../flagRule.ts';
import type { Rule } from '../rule.ts';

const group = 'aws:elasticache/replicationGroup:ReplicationGroup';
const cluster = 'aws:elasticache/cluster:Cluster';

export const elastiCacheRules: Rule[] = [
  {
    id: 'cache-backups',
    controls: ['ElastiCache.1'],
    title: 'Caches are backed up',
    severity: 'high',
    level: 'advisory',
    note: 'It holds jobs and fan-out, and nothing that cannot be made anew: `cost: lean` does without.',
    fix: 'Set snapshotRetentionLimit to 1 or more.',
    types: [group],
    check: ({ props }, report) => {
      if ((props.get('snapshotRetentionLimit').number() ?? 0) < 1)
        report.violation('snapshotRetentionLimit is 0');
    },
  },
  flagRule({
    id: 'cache-minor-upgrades',
    controls: ['ElastiCache.2'],
    title: 'Caches take minor upgrades by themselves',
    severity: 'high',
    level: 'mandatory',
    fix: 'Set autoMinorVersionUpgrade to true.',
    types: [group, cluster],
    path: 'autoMinorVersionUpgrade',
    wanted: true,
    byDefault: true,
  }),
  flagRule({
    id: 'cache-failover',
    controls: ['ElastiCache.3'],
    title: 'A replica takes over from a cache that fails',
    severity: 'medium',
    level: 'advisory',
    note: 'Needs a second node: `cost: ha` has it.',
    fix: 'Set automaticFailoverEnabled to true and numCacheClusters to 2 or more.',
    types: [group],
    path: 'automaticFailoverEnabled',
    wanted: true,
    byDefault: false,
  }),
  flagRule({
    id: 'cache-encrypted',
    controls: ['ElastiCache.4'],
    title: 'Caches are encrypted at rest',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set atRestEncryptionEnabled to true.',
    types: [group],
    path: 'atRestEncryptionEnabled',
    wanted: true,
    byDefault: false,
  }),
  flagRule({
    id: 'cache-tls',
    controls: ['ElastiCache.5'],
    title: 'Caches are encrypted in transit',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set transitEncryptionEnabled to true.',
    types: [group],
    path: 'transitEncryptionEnabled',
    wanted: true,
    byDefault: false,
  }),
  {
    id: 'cache-login',
    controls: ['ElastiCache.6'],
    title: 'Caches ask for a login',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set authToken or userGroupIds.',
    types: [group],
    check: ({ props }, report) => {
      const login = ['authToken', 'authTokenWo', 'userGroupIds'].map((name) => props.get(name));
      // A login whose value is not known yet is a login.
      if (!login.some((value) => value.isUnknown || (value.isSet && value.list().length > 0))) {
        report.violation('neither authToken nor userGroupIds is set');
      }
    },
  },
  {
    id: 'cache-own-subnets',
    controls: ['ElastiCache.7'],
    title: 'Caches stand in subnets of their own choice',
    severity: 'high',
    level: 'mandatory',
    fix: 'Set subnetGroupName to a group with private subnets.',
    types: [group, cluster],
    check: ({ type, props }, report) => {
      if (type === cluster && props.get('replicationGroupId').isSet) return;
      const name = props.get('subnetGroupName').text();
      if (!name || name === 'default') report.violation(`subnetGroupName is ${name ?? 'absent'}`);
    },
  },
];
