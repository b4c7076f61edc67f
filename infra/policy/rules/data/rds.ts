import { flagRule } from '../flagRule.ts';
import type { Rule } from '../rule.ts';

const instance = 'aws:rds/instance:Instance';
const cluster = 'aws:rds/cluster:Cluster';
const clusterInstance = 'aws:rds/clusterInstance:ClusterInstance';

/** Days of backups that RDS.11 and RDS.50 want unless told otherwise. */
const backupDays = 7;

export const rdsRules: Rule[] = [
  {
    id: 'rds-private-snapshots',
    controls: ['RDS.1'],
    title: 'Snapshots are not public',
    severity: 'critical',
    level: 'mandatory',
    fix: 'Remove "all" from sharedAccounts.',
    types: ['aws:rds/snapshot:Snapshot', 'aws:rds/snapshotCopy:SnapshotCopy'],
    check: ({ props }, report) => {
      if (props.get('sharedAccounts').texts().includes('all'))
        report.violation('sharedAccounts contains all');
    },
  },
  flagRule({
    id: 'rds-not-public',
    controls: ['RDS.2'],
    title: 'Databases cannot be reached from the internet',
    severity: 'critical',
    level: 'mandatory',
    fix: 'Set publiclyAccessible to false.',
    types: [instance, clusterInstance],
    path: 'publiclyAccessible',
    wanted: false,
    byDefault: false,
  }),
  flagRule({
    id: 'rds-encrypted',
    controls: ['RDS.3', 'RDS.27'],
    title: 'Databases are encrypted at rest',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set storageEncrypted to true. On a database that exists this replaces it: restore an encrypted copy of a snapshot.',
    types: [instance, cluster],
    path: 'storageEncrypted',
    wanted: true,
    byDefault: false,
  }),
  flagRule({
    id: 'rds-multi-az',
    controls: ['RDS.5'],
    title: 'Databases have a standby in another availability zone',
    severity: 'medium',
    level: 'advisory',
    note: 'Costs as much again: `cost: ha` has it.',
    fix: 'Set multiAz to true (`cost: ha`).',
    types: [instance],
    path: 'multiAz',
    wanted: true,
    byDefault: false,
  }),
  {
    id: 'rds-monitoring',
    controls: ['RDS.6'],
    title: 'Databases have enhanced monitoring',
    severity: 'low',
    level: 'advisory',
    note: '`cost: lean` does without.',
    fix: 'Set monitoringInterval to 60 and monitoringRoleArn.',
    types: [instance, clusterInstance],
    check: ({ props }, report) => {
      if ((props.get('monitoringInterval').number() ?? 0) === 0)
        report.violation('monitoringInterval is 0');
    },
  },
  flagRule({
    id: 'rds-deletion-protection',
    controls: ['RDS.7', 'RDS.8'],
    title: 'Databases are protected from deletion',
    severity: 'low',
    level: 'mandatory',
    fix: 'Set deletionProtection to true.',
    types: [instance, cluster],
    path: 'deletionProtection',
    wanted: true,
    byDefault: false,
  }),
  flagRule({
    id: 'rds-final-snapshot',
    controls: [],
    title: 'A database that is deleted leaves a snapshot',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set skipFinalSnapshot to false and name a finalSnapshotIdentifier.',
    types: [instance, cluster],
    path: 'skipFinalSnapshot',
    wanted: false,
    byDefault: false,
  }),
  {
    id: 'rds-logs',
    controls: ['RDS.9', 'RDS.36'],
    title: 'Databases send their logs to CloudWatch',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set enabledCloudwatchLogsExports to ["postgresql", "upgrade"].',
    types: [instance],
    check: ({ props }, report) => {
      const engine = props.get('engine').text() ?? 'postgres';
      const logs = props.get('enabledCloudwatchLogsExports').texts();
      if (engine === 'postgres' ? !logs.includes('postgresql') : logs.length === 0) {
        report.violation(`enabledCloudwatchLogsExports is [${logs.join(', ')}]`);
      }
    },
  },
  flagRule({
    id: 'rds-iam-authentication',
    controls: ['RDS.10', 'RDS.12'],
    title: 'Databases accept IAM authentication',
    severity: 'medium',
    level: 'advisory',
    note: 'The app logs in with a generated password over TLS; IAM is for people.',
    fix: 'Set iamDatabaseAuthenticationEnabled to true.',
    types: [instance, cluster],
    path: 'iamDatabaseAuthenticationEnabled',
    wanted: true,
    byDefault: false,
  }),
  {
    id: 'rds-backups',
    controls: ['RDS.11', 'RDS.50'],
    title: `Databases keep ${backupDays} days of backups or more`,
    severity: 'medium',
    level: 'mandatory',
    fix: `Set backupRetentionPeriod to ${backupDays} or more.`,
    types: [instance, cluster],
    check: ({ type, props }, report) => {
      if (type === instance && props.get('replicateSourceDb').isSet) return;
      const days = props.get('backupRetentionPeriod').number() ?? (type === cluster ? 1 : 0);
      if (days < backupDays) report.violation(`backupRetentionPeriod is ${days}`);
    },
  },
  flagRule({
    id: 'rds-minor-upgrades',
    controls: ['RDS.13', 'RDS.35'],
    title: 'Databases take minor upgrades by themselves',
    severity: 'high',
    level: 'mandatory',
    fix: 'Set autoMinorVersionUpgrade to true.',
    types: [instance, clusterInstance],
    path: 'autoMinorVersionUpgrade',
    wanted: true,
    byDefault: true,
  }),
  flagRule({
    id: 'rds-snapshot-tags',
    controls: ['RDS.16', 'RDS.17'],
    title: 'Snapshots get the tags of their database',
    severity: 'low',
    level: 'advisory',
    fix: 'Set copyTagsToSnapshot to true.',
    types: [instance, cluster],
    path: 'copyTagsToSnapshot',
    wanted: true,
    byDefault: false,
  }),
  {
    id: 'rds-own-port',
    controls: ['RDS.23'],
    title: "Databases do not listen on their engine's default port",
    severity: 'low',
    level: 'advisory',
    note: 'A security group lets in nobody but the tasks; another port hides little.',
    fix: 'Set port to another one than 5432.',
    types: [instance, cluster],
    check: ({ props }, report) => {
      const port = props.get('port').number() ?? 5432;
      if (port === 5432 || port === 3306) report.violation(`port is ${port}`);
    },
  },
  {
    id: 'rds-own-username',
    controls: ['RDS.24', 'RDS.25'],
    title: 'The administrator of a database has a name of its own',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set username (masterUsername of a cluster) to another name than admin and postgres; this replaces the database.',
    types: [instance, cluster],
    check: ({ type, props }, report) => {
      const property = type === cluster ? 'masterUsername' : 'username';
      const name = props.get(property).text();
      if (name === 'admin' || name === 'postgres') report.violation(`${property} is ${name}`);
    },
  },
  {
    id: 'rds-tls',
    controls: ['RDS.38'],
    title: 'PostgreSQL accepts encrypted connections alone',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set the parameter rds.force_ssl to 1.',
    types: [
      'aws:rds/parameterGroup:ParameterGroup',
      'aws:rds/clusterParameterGroup:ClusterParameterGroup',
    ],
    check: ({ props }, report) => {
      const family = props.get('family').text() ?? '';
      const major = Number(/^(?:aurora-)?postgres(?:ql)?(\d+)/.exec(family)?.[1] ?? NaN);
      if (Number.isNaN(major)) return;
      const parameter = props
        .get('parameters')
        .list()
        .find((entry) => entry.get('name').text() === 'rds.force_ssl');
      // RDS for PostgreSQL 15 and newer force TLS unless told otherwise.
      const value =
        parameter?.get('value').text() ?? (major >= 15 && !family.startsWith('aurora') ? '1' : '0');
      if (value !== '1') report.violation(`rds.force_ssl is ${value}`);
    },
  },
];
