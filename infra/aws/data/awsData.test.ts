import { beforeAll, describe, expect, it } from 'vitest';
import type { Registered } from '../../test-support/registered.ts';
import { renderStack } from '../test-support/renderStack.ts';

const instanceType = 'aws:rds/instance:Instance';
const cacheType = 'aws:elasticache/replicationGroup:ReplicationGroup';

/** A value that the engine was told to keep secret. */
function secretValue(value: unknown): string {
  const { [secretMark]: mark, value: text } = value as Record<string, string>;
  if (mark !== '1b47061264138c4ac30d75fd1eb44270' || text === undefined)
    throw new Error('not a secret');
  return text;
}
const secretMark = '4dabf18193072939515e22adb298388d';

let standard: Registered;
let ha: Registered;
let open: Registered;

beforeAll(async () => {
  standard = await renderStack();
  ha = await renderStack({ cost: 'ha' }, (blueprint) =>
    blueprint.services.forEach((service) => (service.media = true)),
  );
  open = await renderStack(
    { cost: 'lean', protect: 'false', restoreSnapshot: 'before-the-accident' },
    (blueprint) => blueprint.services.forEach((service) => (service.media = true)),
  );
}, 120_000);

describe('the database', () => {
  const database = () => standard.inputs(instanceType, 'database-instance');

  it('is reachable from its security group alone, never publicly', () => {
    expect(database()).toMatchObject({
      publiclyAccessible: false,
      vpcSecurityGroupIds: ['firewall-database-id'],
    });
  });

  it('is encrypted with a key of its own, its insights too', () => {
    const kmsKeyId = standard.inputs('aws:rds/instance:Instance', 'database-instance')['kmsKeyId'];
    expect(kmsKeyId).toBe('arn:aws:test:::database-key-key');
    expect(database()).toMatchObject({
      storageEncrypted: true,
      performanceInsightsEnabled: true,
      performanceInsightsKmsKeyId: kmsKeyId,
    });
  });

  it('refuses connections without TLS, and logs no values', () => {
    const { parameters } = standard.inputs(
      'aws:rds/parameterGroup:ParameterGroup',
      'database-parameters',
    );
    expect(parameters).toEqual(
      expect.arrayContaining([
        { name: 'rds.force_ssl', value: '1', applyMethod: 'immediate' },
        { name: 'log_parameter_max_length', value: '0', applyMethod: 'immediate' },
      ]),
    );
  });

  it('has a password that is kept secret', () => {
    expect(secretValue(database()['password'])).toBe('generated-secret');
  });

  it.each([
    ['database-url', 'slipway_app'],
    ['database-owner-url', 'slipway'],
  ])('is asked for with a verified certificate, by %s as %s', (name, user) => {
    const { secretString } = standard.inputs(
      'aws:secretsmanager/secretVersion:SecretVersion',
      `secrets-${name}-value`,
    );
    const url = new URL(secretValue(secretString));
    expect(url.username).toBe(user);
    expect(url.searchParams.get('sslmode')).toBe('verify-full');
    expect(url.searchParams.get('sslrootcert')).toBe('/app/certificates/rds.crt');
  });

  it('is backed up, and keeps a last snapshot and its backups when it is deleted all the same', () => {
    expect(database()).toMatchObject({
      backupRetentionPeriod: 14,
      copyTagsToSnapshot: true,
      deletionProtection: true,
      skipFinalSnapshot: false,
      deleteAutomatedBackups: false,
      finalSnapshotIdentifier: 'slipway-prod-c0ffee00-final',
    });
  });

  it('takes minor versions by itself, and no major one', () => {
    expect(database()).toMatchObject({
      autoMinorVersionUpgrade: true,
      allowMajorVersionUpgrade: false,
      engineVersion: '17',
    });
  });

  it('exports its log, which ends after the profile’s days', () => {
    expect(database()['enabledCloudwatchLogsExports']).toEqual(['postgresql']);
    expect(standard.inputs('aws:cloudwatch/logGroup:LogGroup', 'database-log')).toMatchObject({
      name: '/aws/rds/instance/slipway-prod-c0ffee00/postgresql',
      retentionInDays: 30,
      kmsKeyId: 'arn:aws:test:::app-key-key',
    });
  });

  it('has a standby in another zone where the profile is ha', () => {
    expect(database()['multiAz']).toBe(false);
    expect(ha.inputs(instanceType, 'database-instance')['multiAz']).toBe(true);
  });

  it('starts from a snapshot under an identity of its own, so that the migrations run there', () => {
    expect(open.inputs(instanceType, 'database-instance')['snapshotIdentifier']).toBe(
      'before-the-accident',
    );
    const generation = (stack: Registered) =>
      (
        stack.inputs('slipway:index:MigrationRun', 'migrations')['database'] as {
          generation: string;
        }
      ).generation;
    expect(generation(standard)).toBe('17');
    expect(generation(open)).toMatch(/^[0-9a-f]{8}$/);
    // Another name for the generated part of the identifier, so another identifier beside the old
    // instance.
    expect(
      open.inputs('random:index/randomId:RandomId', `database-id-${generation(open)}`),
    ).toBeDefined();
  });

  it('can be deleted without a trace only where protect is off', () => {
    expect(open.inputs(instanceType, 'database-instance')).toMatchObject({
      deletionProtection: false,
      skipFinalSnapshot: true,
      deleteAutomatedBackups: true,
    });
  });
});

describe('the cache', () => {
  const cache = () => standard.inputs(cacheType, 'cache');

  it('is encrypted at rest and on its way, and asks for a password', () => {
    expect(secretValue(cache()['authToken'])).toBe('generated-secret');
    expect(cache()).toMatchObject({
      atRestEncryptionEnabled: true,
      kmsKeyId: 'arn:aws:test:::app-key-key',
      transitEncryptionEnabled: true,
      transitEncryptionMode: 'required',
      securityGroupIds: ['firewall-cache-id'],
    });
    const { secretString } = standard.inputs(
      'aws:secretsmanager/secretVersion:SecretVersion',
      'secrets-cache-url-value',
    );
    expect(secretValue(secretString)).toMatch(/^rediss:\/\/:generated-secret@/);
  });

  it('evicts no job', () => {
    const { parameters } = standard.inputs(
      'aws:elasticache/parameterGroup:ParameterGroup',
      'cache-parameters',
    );
    expect(parameters).toEqual([{ name: 'maxmemory-policy', value: 'noeviction' }]);
  });

  it('fails over by itself where there is a replica', () => {
    expect(cache()).toMatchObject({
      numCacheClusters: 1,
      automaticFailoverEnabled: false,
      multiAzEnabled: false,
    });
    expect(ha.inputs(cacheType, 'cache')).toMatchObject({
      numCacheClusters: 2,
      automaticFailoverEnabled: true,
      multiAzEnabled: true,
      snapshotRetentionLimit: 7,
    });
  });
});

describe('the bucket for media', () => {
  it('is there only when the blueprint has media', () => {
    expect(standard.ofType('aws:s3/bucket:Bucket').map(({ name }) => name)).not.toContain('media');
    expect(ha.ofType('aws:s3/bucket:Bucket').map(({ name }) => name)).toContain('media');
  });

  it('is closed to the public in each of the four ways', () => {
    expect(
      ha.inputs('aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock', 'media-access'),
    ).toMatchObject({
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
  });

  it('is encrypted with the stack’s key, versioned, and refuses clear text', () => {
    const type =
      'aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration';
    expect(ha.inputs(type, 'media-encryption')['rules']).toEqual([
      {
        applyServerSideEncryptionByDefault: {
          sseAlgorithm: 'aws:kms',
          kmsMasterKeyId: 'arn:aws:test:::app-key-key',
        },
        bucketKeyEnabled: true,
      },
    ]);
    expect(ha.inputs('aws:s3/bucketVersioning:BucketVersioning', 'media-versioning')).toMatchObject(
      {
        versioningConfiguration: { status: 'Enabled' },
      },
    );
    expect(ha.policy('aws:s3/bucketPolicy:BucketPolicy', 'media-policy').Statement).toMatchObject([
      { Effect: 'Deny', Principal: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
    ]);
  });

  it('is deleted with files in it only where protect is off', () => {
    expect(ha.inputs('aws:s3/bucket:Bucket', 'media')['forceDestroy']).toBe(false);
    expect(open.inputs('aws:s3/bucket:Bucket', 'media')['forceDestroy']).toBe(true);
  });

  it('is open to the task that has media, and to no other', () => {
    expect(JSON.stringify(ha.policy('aws:iam/rolePolicy:RolePolicy', 'api-task'))).toContain(
      's3:PutObject',
    );
    expect(() => ha.inputs('aws:iam/rolePolicy:RolePolicy', 'migrations-task')).toThrow(
      /no aws:iam/,
    );
  });
});

describe('the secrets', () => {
  const secrets = () => standard.ofType('aws:secretsmanager/secret:Secret');

  it('are one for each value, shared by the tasks that use it', () => {
    expect(secrets().map(({ name }) => name)).toEqual([
      'secrets-database-owner-url',
      'secrets-database-url',
      'secrets-cache-url',
      'secrets-jwt-secrets',
      'secrets-session-hash-secret',
    ]);
  });

  it('are encrypted with the stack’s key, and can be had back for 30 days', () => {
    for (const { inputs } of secrets()) {
      expect(inputs).toMatchObject({
        kmsKeyId: 'arn:aws:test:::app-key-key',
        recoveryWindowInDays: 30,
      });
    }
    for (const { inputs } of open.ofType('aws:secretsmanager/secret:Secret')) {
      expect(inputs['recoveryWindowInDays']).toBe(0);
    }
  });
});

describe('the keys', () => {
  it('rotate, and can be had back for 30 days', () => {
    for (const { inputs } of standard.ofType('aws:kms/key:Key')) {
      expect(inputs).toMatchObject({ enableKeyRotation: true, deletionWindowInDays: 30 });
    }
  });

  it('are for the account, and for logs and alerts where those are encrypted with it', () => {
    const users = (name: string) =>
      standard.policy('aws:kms/key:Key', name).Statement.map((statement) => statement['Sid']);
    expect(users('database-key-key')).toEqual(['Account']);
    expect(users('app-key-key')).toEqual(['Account', 'Logs', 'Alerts']);
    const [, logs] = standard.policy('aws:kms/key:Key', 'app-key-key').Statement;
    expect(logs?.['Condition']).toEqual({
      ArnLike: { 'kms:EncryptionContext:aws:logs:arn': 'arn:aws:logs:eu-central-1:123456789012:*' },
    });
  });
});
