import type { Rule } from '../rule.ts';
import { propertyRule } from '../shapes/propertyRule.ts';

const types = ['aws:rds/instance:Instance'];

/** The least days of backups that RDS.11 accepts by default. */
const backupDays = 7;

export const rdsRules: Rule[] = [
  propertyRule({
    id: 'rds-not-public',
    controls: ['RDS.2'],
    title: 'The internet cannot reach databases',
    severity: 'critical',
    level: 'mandatory',
    fix: 'Set publiclyAccessible to false.',
    types,
    path: 'publiclyAccessible',
    wanted: false,
    byDefault: false,
  }),
  propertyRule({
    id: 'rds-encrypted',
    controls: ['RDS.3'],
    title: 'Databases are encrypted at rest',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set storageEncrypted to true. This replaces an existing database: restore an encrypted copy of a snapshot.',
    types,
    path: 'storageEncrypted',
    wanted: true,
    byDefault: false,
  }),
  propertyRule({
    id: 'rds-multi-az',
    controls: ['RDS.5'],
    title: 'Databases have a standby in another availability zone',
    severity: 'medium',
    level: 'advisory',
    note: 'Doubles the price; on with `cost: ha`.',
    fix: 'Set multiAz to true (`cost: ha`).',
    types,
    path: 'multiAz',
    wanted: true,
    byDefault: false,
  }),
  propertyRule({
    id: 'rds-monitoring',
    controls: ['RDS.6'],
    title: 'Databases have enhanced monitoring',
    severity: 'low',
    level: 'advisory',
    note: 'Off with `cost: lean`.',
    fix: 'Set monitoringInterval to 60 and monitoringRoleArn.',
    types,
    path: 'monitoringInterval',
    wanted: { least: 1 },
    byDefault: 0,
  }),
  propertyRule({
    id: 'rds-deletion-protection',
    controls: ['RDS.8'],
    title: 'Databases are protected from deletion',
    severity: 'low',
    level: 'mandatory',
    fix: 'Set deletionProtection to true.',
    types,
    path: 'deletionProtection',
    wanted: true,
    byDefault: false,
  }),
  propertyRule({
    id: 'rds-final-snapshot',
    title: 'A deleted database leaves a snapshot',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set skipFinalSnapshot to false and name a finalSnapshotIdentifier.',
    types,
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
    types,
    check: ({ props }) => {
      const engine = props.get('engine').text() ?? 'postgres';
      const logs = props.get('enabledCloudwatchLogsExports').texts();
      const absent = engine === 'postgres' ? !logs.includes('postgresql') : logs.length === 0;
      return absent && `enabledCloudwatchLogsExports is [${logs.join(', ')}]`;
    },
  },
  propertyRule({
    id: 'rds-iam-authentication',
    controls: ['RDS.10'],
    title: 'Databases accept IAM authentication',
    severity: 'medium',
    level: 'advisory',
    note: 'The app logs in with a generated password over TLS. IAM is for people.',
    fix: 'Set iamDatabaseAuthenticationEnabled to true.',
    types,
    path: 'iamDatabaseAuthenticationEnabled',
    wanted: true,
    byDefault: false,
  }),
  {
    id: 'rds-backups',
    controls: ['RDS.11'],
    title: `Databases keep backups for at least ${backupDays} days`,
    severity: 'medium',
    level: 'mandatory',
    fix: `Set backupRetentionPeriod to ${backupDays} or more.`,
    types,
    check: ({ props }) => {
      // A replica has the backups of its source.
      if (props.get('replicateSourceDb').isSet) return undefined;
      const days = props.get('backupRetentionPeriod').number() ?? 0;
      return days < backupDays && `backupRetentionPeriod is ${days}`;
    },
  },
  propertyRule({
    id: 'rds-minor-upgrades',
    controls: ['RDS.13'],
    title: 'Databases install minor upgrades by themselves',
    severity: 'high',
    level: 'mandatory',
    fix: 'Set autoMinorVersionUpgrade to true.',
    types,
    path: 'autoMinorVersionUpgrade',
    wanted: true,
    byDefault: true,
  }),
  propertyRule({
    id: 'rds-snapshot-tags',
    controls: ['RDS.17'],
    title: 'Snapshots copy the tags of their database',
    severity: 'low',
    level: 'advisory',
    fix: 'Set copyTagsToSnapshot to true.',
    types,
    path: 'copyTagsToSnapshot',
    wanted: true,
    byDefault: false,
  }),
  propertyRule({
    id: 'rds-own-port',
    controls: ['RDS.23'],
    title: "Databases do not listen on their engine's default port",
    severity: 'low',
    level: 'advisory',
    note: 'A security group admits only the tasks; another port hides little.',
    fix: 'Set port to a number other than 5432.',
    types,
    path: 'port',
    wanted: { not: ['5432', '3306'] },
    byDefault: 5432,
  }),
  propertyRule({
    id: 'rds-own-username',
    controls: ['RDS.25'],
    title: "A database's administrator has no default name",
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set username to a name other than admin and postgres; this replaces the database.',
    types,
    path: 'username',
    wanted: { not: ['admin', 'postgres'] },
    byDefault: 'chosen by the source of the data',
  }),
  {
    id: 'rds-tls',
    controls: ['RDS.38'],
    title: 'PostgreSQL accepts only encrypted connections',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set the parameter rds.force_ssl to 1.',
    types: ['aws:rds/parameterGroup:ParameterGroup'],
    check: ({ props }) => {
      const family = props.get('family').text() ?? '';
      const major = Number(/^postgres(?:ql)?(\d+)/.exec(family)?.[1] ?? NaN);
      if (Number.isNaN(major)) return undefined;
      const parameters = props.get('parameters').list();
      const forced = parameters.find((entry) => entry.get('name').text() === 'rds.force_ssl');
      // RDS for PostgreSQL 15 and newer forces TLS by default.
      const value = forced?.get('value').text() ?? (major >= 15 ? '1' : '0');
      return value !== '1' && `rds.force_ssl is ${value}`;
    },
  },
];
