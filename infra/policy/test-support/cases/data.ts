import { unknown } from '../../resource/value.ts';
import { sample, type Props, type ResourceCases } from '../samples.ts';

const instance = (props: Props, secrets: string[] = []) =>
  sample('aws:rds/instance:Instance', props, { secrets });
const parameters = (props: Props) => sample('aws:rds/parameterGroup:ParameterGroup', props);
const cache = (props: Props, secrets: string[] = []) =>
  sample('aws:elasticache/replicationGroup:ReplicationGroup', props, { secrets });

/** RDS and ElastiCache. */
export const dataCases: ResourceCases = {
  'rds-not-public': {
    passes: { private: instance({ publiclyAccessible: false }), 'no word about it': instance({}) },
    fires: { public: instance({ publiclyAccessible: true }) },
  },
  'rds-encrypted': {
    passes: { encrypted: instance({ storageEncrypted: true }) },
    fires: {
      'no word about it': instance({}),
      off: instance({ storageEncrypted: false }),
    },
  },
  'rds-multi-az': {
    passes: { 'with a standby': instance({ multiAz: true }) },
    fires: { alone: instance({}) },
  },
  'rds-monitoring': {
    passes: { 'each minute': instance({ monitoringInterval: 60 }) },
    fires: { off: instance({ monitoringInterval: 0 }), 'no word about it': instance({}) },
  },
  'rds-deletion-protection': {
    passes: { protected: instance({ deletionProtection: true }) },
    fires: {
      'no word about it': instance({}),
      off: instance({ deletionProtection: false }),
    },
  },
  'rds-final-snapshot': {
    passes: { 'leaves a snapshot': instance({ skipFinalSnapshot: false }) },
    fires: { 'leaves nothing': instance({ skipFinalSnapshot: true }) },
  },
  'rds-logs': {
    passes: {
      'the log of PostgreSQL': instance({
        engine: 'postgres',
        enabledCloudwatchLogsExports: ['postgresql'],
      }),
    },
    fires: {
      none: instance({ engine: 'postgres' }),
      'another log alone': instance({
        engine: 'postgres',
        enabledCloudwatchLogsExports: ['upgrade'],
      }),
      'another engine, none': instance({ engine: 'mysql' }),
    },
  },
  'rds-iam-authentication': {
    passes: { on: instance({ iamDatabaseAuthenticationEnabled: true }) },
    fires: { 'no word about it': instance({}) },
  },
  'rds-backups': {
    passes: {
      'two weeks': instance({ backupRetentionPeriod: 14 }),
      'a replica, which has its source': instance({ replicateSourceDb: 'db-1' }),
    },
    fires: {
      none: instance({}),
      'three days': instance({ backupRetentionPeriod: 3 }),
      'one day': instance({ backupRetentionPeriod: 1 }),
    },
  },
  'rds-minor-upgrades': {
    passes: { 'the default': instance({}) },
    fires: { off: instance({ autoMinorVersionUpgrade: false }) },
  },
  'rds-snapshot-tags': {
    passes: { on: instance({ copyTagsToSnapshot: true }) },
    fires: { 'no word about it': instance({}) },
  },
  'rds-own-port': {
    passes: { 'another port': instance({ port: 6543 }) },
    fires: { 'the default': instance({}), 'the default, said': instance({ port: 5432 }) },
  },
  'rds-own-username': {
    passes: { 'a name of its own': instance({ username: 'slipway' }) },
    fires: {
      postgres: instance({ username: 'postgres' }),
      admin: instance({ username: 'admin' }),
    },
  },
  'rds-tls': {
    passes: {
      'forced by default since 15': parameters({ family: 'postgres17' }),
      forced: parameters({
        family: 'postgres14',
        parameters: [{ name: 'rds.force_ssl', value: '1' }],
      }),
      'another engine': parameters({ family: 'mysql8.0' }),
    },
    fires: {
      'switched off': parameters({
        family: 'postgres17',
        parameters: [{ name: 'rds.force_ssl', value: '0' }],
      }),
      'an old family': parameters({ family: 'postgres14' }),
    },
  },
  'cache-backups': {
    passes: { 'a week': cache({ snapshotRetentionLimit: 7 }) },
    fires: { none: cache({}) },
  },
  'cache-minor-upgrades': {
    passes: { 'the default': cache({}), 'as text': cache({ autoMinorVersionUpgrade: 'true' }) },
    fires: { off: cache({ autoMinorVersionUpgrade: false }) },
  },
  'cache-failover': {
    passes: { on: cache({ automaticFailoverEnabled: true }) },
    fires: { 'no word about it': cache({}) },
  },
  'cache-encrypted': {
    passes: { on: cache({ atRestEncryptionEnabled: true }) },
    fires: { 'no word about it': cache({}), off: cache({ atRestEncryptionEnabled: 'false' }) },
  },
  'cache-tls': {
    passes: { on: cache({ transitEncryptionEnabled: true }) },
    fires: { 'no word about it': cache({}) },
  },
  'cache-login': {
    passes: {
      'a token': cache({ authToken: 'x' }),
      'a token that is not known yet': cache({ authToken: unknown }),
      'a group of users': cache({ userGroupIds: ['g'] }),
    },
    fires: { none: cache({}), 'an empty group': cache({ userGroupIds: [] }) },
  },
  'cache-own-subnets': {
    passes: { 'a group of its own': cache({ subnetGroupName: 'cache' }) },
    fires: {
      'no group': cache({}),
      'the default group': cache({ subnetGroupName: 'default' }),
    },
  },
  'secret-inputs': {
    passes: {
      'a secret password': instance({ password: 'x' }, ['password']),
      'no password': instance({ manageMasterUserPassword: true }),
      'a secret token': cache({ authToken: 'x' }, ['authToken']),
    },
    fires: {
      'a plain password': instance({ password: 'x' }),
      'a plain secret': sample('aws:secretsmanager/secretVersion:SecretVersion', {
        secretString: 'x',
      }),
      'a plain token': cache({ authToken: 'x' }),
    },
  },
};
