import { unknown } from '../../resource/value.ts';
import { sample, type Props, type ResourceCases, type StackCases } from '../samples.ts';

const document = (...Statement: Props[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const bucketPolicy = (...statements: Props[]) =>
  sample('aws:s3/bucketPolicy:BucketPolicy', { policy: document(...statements) });
const bucket = {
  name: 'logs',
  type: 'aws:s3/bucket:Bucket',
  props: { id: unknown, bucket: 'logs-1' },
};
/** A setting of the bucket, in the provider's way: a resource of its own. */
const setting = (kind: string, props: Props = {}, from = true) => ({
  name: `logs-${kind}`,
  type: `aws:s3/bucket${kind}:Bucket${kind}`,
  props: { bucket: unknown, ...props },
  ...(from ? { from: { bucket: ['logs'] } } : {}),
});
const blocked = {
  blockPublicAcls: true,
  blockPublicPolicy: true,
  ignorePublicAcls: true,
  restrictPublicBuckets: true,
};
const tlsOnly = {
  Effect: 'Deny',
  Principal: '*',
  Action: 's3:*',
  Resource: ['arn:aws:s3:::logs-1', 'arn:aws:s3:::logs-1/*'],
  Condition: { Bool: { 'aws:SecureTransport': 'false' } },
};
const delivery = {
  Effect: 'Allow',
  Principal: { Service: 'delivery.logs.amazonaws.com' },
  Action: 's3:PutObject',
  Resource: '*',
};
const alarm = (props: Props) => sample('aws:cloudwatch/metricAlarm:MetricAlarm', props);
const logGroup = (props: Props) => sample('aws:cloudwatch/logGroup:LogGroup', props);
const webAcl = (props: Props) => sample('aws:wafv2/webAcl:WebAcl', props);
const topic = (props: Props) => sample('aws:sns/topic:Topic', props);
const acl = { name: 'acl', type: 'aws:wafv2/webAcl:WebAcl', props: { arn: unknown } };

/** S3, CloudWatch, WAF, ACM and SNS. */
export const storageCases: ResourceCases = {
  's3-private': {
    passes: {
      'a service': bucketPolicy(delivery),
      'everybody of one account': bucketPolicy({
        ...delivery,
        Principal: '*',
        Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' } },
      }),
      'a refusal to everybody': bucketPolicy(tlsOnly),
    },
    fires: { everybody: bucketPolicy({ ...delivery, Principal: { AWS: '*' } }) },
  },
  's3-no-foreign-actions': {
    passes: { 'a service': bucketPolicy(delivery) },
    fires: {
      'another account may change the policy': bucketPolicy({
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::123456789012:root' },
        Action: ['s3:GetObject', 's3:PutBucketPolicy'],
        Resource: '*',
      }),
    },
  },
  's3-no-acls': {
    passes: {
      'no list': sample('aws:s3/bucket:Bucket', {}),
      'the owner alone': sample('aws:s3/bucketOwnershipControls:BucketOwnershipControls', {
        rule: { objectOwnership: 'BucketOwnerEnforced' },
      }),
    },
    fires: {
      'a list': sample('aws:s3/bucketAcl:BucketAcl', { acl: 'private' }),
      'a list of the bucket': sample('aws:s3/bucket:Bucket', { acl: 'public-read' }),
      'lists allowed': sample('aws:s3/bucketOwnershipControls:BucketOwnershipControls', {
        rule: { objectOwnership: 'ObjectWriter' },
      }),
    },
  },
  'alarms-act': {
    passes: { 'a topic that is not known yet': alarm({ alarmActions: [unknown] }) },
    fires: { nobody: alarm({}) },
  },
  'alarms-enabled': {
    passes: { 'the default': alarm({}) },
    fires: { off: alarm({ actionsEnabled: false }) },
  },
  'logs-retention': {
    passes: { 'two weeks': logGroup({ retentionInDays: 14 }) },
    fires: {
      'for ever': logGroup({}),
      'for ever, said': logGroup({ retentionInDays: 0 }),
      'a day': logGroup({ retentionInDays: 1 }),
    },
  },
  'waf-has-rules': {
    passes: {
      'one rule': webAcl({ rules: [{ name: 'common' }] }),
      'rules as JSON': webAcl({ ruleJson: '[]' }),
    },
    fires: { none: webAcl({}) },
  },
  'waf-metrics': {
    passes: {
      metrics: webAcl({
        rules: [{ name: 'common', visibilityConfig: { cloudwatchMetricsEnabled: true } }],
      }),
    },
    fires: {
      none: webAcl({
        rules: [{ name: 'common', visibilityConfig: { cloudwatchMetricsEnabled: false } }],
      }),
    },
  },
  'acm-key-length': {
    passes: { 'the default': sample('aws:acm/certificate:Certificate', {}) },
    fires: {
      'a short key': sample('aws:acm/certificate:Certificate', { keyAlgorithm: 'RSA_1024' }),
    },
  },
  'sns-encrypted': {
    passes: {
      'a key': topic({ kmsMasterKeyId: 'alias/aws/sns' }),
      'a key that is not known yet': topic({ kmsMasterKeyId: unknown }),
    },
    fires: { none: topic({}) },
  },
  'sns-private': {
    passes: {
      'the default policy of a topic': topic({
        policy: document({
          Effect: 'Allow',
          Principal: { AWS: '*' },
          Action: 'SNS:Publish',
          Resource: '*',
          Condition: { StringEquals: { 'AWS:SourceOwner': '123456789012' } },
        }),
      }),
    },
    fires: {
      everybody: sample('aws:sns/topicPolicy:TopicPolicy', {
        policy: document({ Effect: 'Allow', Principal: '*', Action: 'SNS:Publish', Resource: '*' }),
      }),
    },
  },
};

export const storageStackCases: StackCases = {
  's3-block-public': {
    passes: { 'all four': [bucket, setting('PublicAccessBlock', blocked)] },
    fires: {
      none: [bucket],
      three: [bucket, setting('PublicAccessBlock', { ...blocked, restrictPublicBuckets: false })],
      'that of another bucket': [
        bucket,
        setting('PublicAccessBlock', { ...blocked, bucket: 'other' }, false),
      ],
    },
  },
  's3-tls-only': {
    passes: { 'a refusal': [bucket, setting('Policy', { policy: document(tlsOnly) })] },
    fires: {
      'no policy': [bucket],
      'another policy': [bucket, setting('Policy', { policy: document(delivery) })],
      'the wrong way round': [
        bucket,
        setting('Policy', {
          policy: document({ ...tlsOnly, Condition: { Bool: { 'aws:SecureTransport': 'true' } } }),
        }),
      ],
    },
  },
  's3-access-logs': {
    passes: { logs: [bucket, setting('Logging')] },
    fires: { none: [bucket] },
  },
  's3-lifecycle': {
    passes: {
      'a lifecycle': [bucket, setting('LifecycleConfiguration')],
      'by the older type': [bucket, setting('LifecycleConfigurationV2')],
    },
    fires: { none: [bucket] },
  },
  's3-versioning': {
    passes: {
      enabled: [bucket, setting('Versioning', { versioningConfiguration: { status: 'Enabled' } })],
    },
    fires: {
      none: [bucket],
      suspended: [
        bucket,
        setting('Versioning', { versioningConfiguration: { status: 'Suspended' } }),
      ],
    },
  },
  's3-encryption': {
    passes: { 'a decision': [bucket, setting('ServerSideEncryptionConfiguration')] },
    fires: { none: [bucket] },
  },
  'waf-logs': {
    passes: {
      logs: [
        acl,
        {
          name: 'l',
          type: 'aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration',
          from: { resourceArn: ['acl'] },
        },
      ],
    },
    fires: { none: [acl] },
  },
};
