import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Network } from './network.ts';
import { provider } from './provider.ts';

const opts = { provider };

export function data({ privateSubnets, dataGroup }: Network, password: pulumi.Output<string>) {
  const account = aws.getCallerIdentityOutput({}, opts).accountId;
  const key = new aws.kms.Key(
    'key',
    {
      description: 'Proof',
      deletionWindowInDays: 7,
      enableKeyRotation: true,
      // A policy as an object, with a part that is unknown until the account is known.
      policy: account.apply((id) =>
        JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { AWS: `arn:aws:iam::${id}:root` },
              Action: 'kms:*',
              Resource: '*',
            },
          ],
        }),
      ),
    },
    opts,
  );
  new aws.kms.Alias('key', { targetKeyId: key.id }, opts);
  const subnetIds = privateSubnets.map(({ id }) => id);
  const database = new aws.rds.Instance(
    'database',
    {
      engine: 'postgres',
      engineVersion: '17.4',
      instanceClass: 'db.t4g.micro',
      allocatedStorage: 20,
      storageType: 'gp3',
      storageEncrypted: true,
      kmsKeyId: key.arn,
      dbName: 'app',
      username: 'app',
      password,
      dbSubnetGroupName: new aws.rds.SubnetGroup('database', { subnetIds }, opts).name,
      parameterGroupName: new aws.rds.ParameterGroup(
        'database',
        { family: 'postgres17', parameters: [{ name: 'rds.force_ssl', value: '1' }] },
        opts,
      ).name,
      vpcSecurityGroupIds: [dataGroup.id],
      backupRetentionPeriod: 7,
      performanceInsightsEnabled: true,
      performanceInsightsKmsKeyId: key.arn,
      performanceInsightsRetentionPeriod: 7,
      copyTagsToSnapshot: true,
      skipFinalSnapshot: true,
      applyImmediately: true,
      autoMinorVersionUpgrade: false,
    },
    opts,
  );
  const cache = new aws.elasticache.ReplicationGroup(
    'cache',
    {
      description: 'Proof',
      engine: 'valkey',
      engineVersion: '8.0',
      nodeType: 'cache.t4g.micro',
      numCacheClusters: 1,
      port: 6379,
      transitEncryptionEnabled: true,
      atRestEncryptionEnabled: true,
      kmsKeyId: key.arn,
      authToken: password,
      autoMinorVersionUpgrade: false,
      subnetGroupName: new aws.elasticache.SubnetGroup('cache', { subnetIds }, opts).name,
      parameterGroupName: new aws.elasticache.ParameterGroup(
        'cache',
        { family: 'valkey8', parameters: [{ name: 'maxmemory-policy', value: 'noeviction' }] },
        opts,
      ).name,
      securityGroupIds: [dataGroup.id],
      applyImmediately: true,
    },
    opts,
  );
  const secret = new aws.secretsmanager.Secret(
    'database-url',
    { recoveryWindowInDays: 0, kmsKeyId: key.id },
    opts,
  );
  const secretVersion = new aws.secretsmanager.SecretVersion(
    'database-url',
    {
      secretId: secret.id,
      secretString: pulumi.interpolate`postgres://app:${password}@${database.endpoint}/app`,
    },
    opts,
  );
  const logs = new aws.s3.Bucket('logs', { forceDestroy: true }, opts);
  const bucket = logs.bucket;
  new aws.s3.BucketPublicAccessBlock(
    'logs',
    {
      bucket,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    },
    opts,
  );
  new aws.s3.BucketVersioning(
    'logs',
    { bucket, versioningConfiguration: { status: 'Enabled' } },
    opts,
  );
  new aws.s3.BucketOwnershipControls(
    'logs',
    { bucket, rule: { objectOwnership: 'BucketOwnerEnforced' } },
    opts,
  );
  new aws.s3.BucketServerSideEncryptionConfiguration(
    'logs',
    { bucket, rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }] },
    opts,
  );
  new aws.s3.BucketLifecycleConfiguration(
    'logs',
    {
      bucket,
      rules: [
        {
          id: 'expire',
          status: 'Enabled',
          filter: { prefix: '' },
          expiration: { days: 90 },
          noncurrentVersionExpiration: { noncurrentDays: 30 },
          abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
        },
      ],
    },
    opts,
  );
  new aws.s3.BucketPolicy(
    'logs',
    {
      bucket,
      // An object, not its JSON.
      policy: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'logdelivery.elasticloadbalancing.amazonaws.com' },
            Action: 's3:PutObject',
            Resource: pulumi.interpolate`${logs.arn}/*`,
          },
        ],
      },
    },
    opts,
  );
  new aws.ssm.Parameter('region', { type: 'String', value: 'eu-central-1' }, opts);
  const queue = new aws.sqs.Queue('dead-letters', { messageRetentionSeconds: 1209600 }, opts);
  return { key, database, cache, secret, secretVersion, logs, queue };
}

export type Data = ReturnType<typeof data>;
