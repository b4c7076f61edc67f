import { companionsOf } from '../../judge/companions.ts';
import { isPublic, statement, statementValues } from '../../judge/policyDocument.ts';
import { publicPolicyRule } from '../publicPolicyRule.ts';
import type { Rule, RuleInfo, Stack, StackResource } from '../rule.ts';

const buckets = ['aws:s3/bucket:Bucket', 'aws:s3/bucketV2:BucketV2'];
const bucketPolicy = 'aws:s3/bucketPolicy:BucketPolicy';

/**
 * The provider keeps a bucket's settings as resources of their own, under a new name and an older
 * one.
 */
const setting = (name: string): string[] => [
  `aws:s3/bucket${name}:Bucket${name}`,
  `aws:s3/bucket${name}V2:Bucket${name}V2`,
];

/** A rule that wants every bucket to have a resource of one kind, and looks at what it says. */
function bucketRule(
  rule: RuleInfo,
  types: string[],
  absent: string,
  fault: (companion: StackResource, bucket: StackResource) => string | undefined = () => undefined,
): Rule {
  return {
    ...rule,
    checkStack: (stack: Stack, report) => {
      const candidates = stack.ofType(...types);
      report.each(stack.ofType(...buckets), (bucket) => {
        const own = companionsOf(bucket, candidates, 'bucket');
        if (own.length === 0) report.violation(absent, bucket);
        for (const companion of own) {
          const message = fault(companion, bucket);
          if (message) report.violation(message, bucket);
        }
      });
    },
  };
}

const blocks = [
  'blockPublicAcls',
  'blockPublicPolicy',
  'ignorePublicAcls',
  'restrictPublicBuckets',
];

export const s3Rules: Rule[] = [
  bucketRule(
    {
      id: 's3-block-public',
      controls: ['S3.2', 'S3.3', 'S3.8'],
      title: 'Buckets block public access',
      severity: 'high',
      level: 'mandatory',
      fix: 'Add an s3.BucketPublicAccessBlock for the bucket with all four flags true.',
    },
    ['aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock'],
    'it has no BucketPublicAccessBlock',
    ({ props }) => {
      const open = blocks.filter((name) => !props.get(name).flag());
      return open.length > 0 ? `${open.join(', ')} not true` : undefined;
    },
  ),
  bucketRule(
    {
      id: 's3-tls-only',
      controls: ['S3.5'],
      title: 'Buckets refuse requests without TLS',
      severity: 'medium',
      level: 'mandatory',
      fix: 'Add an s3.BucketPolicy that denies every action where aws:SecureTransport is false.',
    },
    [bucketPolicy],
    'it has no BucketPolicy',
    ({ props }) => {
      const denied = statementValues(props.get('policy')).some((value) => {
        const { allows, actions, principals, conditions } = statement(value);
        return (
          !allows &&
          principals.includes('*') &&
          actions.some((action) => action === '*' || action === 's3:*') &&
          conditions.get('Bool').get('aws:SecureTransport').texts().includes('false')
        );
      });
      return denied ? undefined : 'its BucketPolicy does not refuse requests without TLS';
    },
  ),
  publicPolicyRule({
    id: 's3-private',
    controls: ['S3.6'],
    title: 'Bucket policies let nobody in whom they do not name',
    severity: 'high',
    level: 'mandatory',
    types: [bucketPolicy],
    path: 'policy',
  }),
  {
    id: 's3-no-foreign-actions',
    controls: ['S3.6'],
    title: 'Bucket policies do not let other accounts change the bucket itself',
    severity: 'high',
    level: 'mandatory',
    fix: 'Take the action out of the statement, or name a principal of this account.',
    types: [bucketPolicy],
    check: ({ props }, report) =>
      report.each(statementValues(props.get('policy')), (value) => {
        const one = statement(value);
        if (!one.allows || isPublic(one)) return;
        const foreign = one.principals.some((who) =>
          /^\d{12}$|^arn:aws[\w-]*:iam::\d{12}:root$/.test(who),
        );
        const actions = one.actions.filter((action) =>
          /^s3:(\*|DeleteBucketPolicy|PutBucketAcl|PutBucketPolicy|PutEncryptionConfiguration|PutObjectAcl)$/.test(
            action,
          ),
        );
        if (foreign && actions.length > 0)
          report.violation(`it allows ${actions.join(', ')} to a whole account`);
      }),
  },
  bucketRule(
    {
      id: 's3-access-logs',
      controls: ['S3.9'],
      title: 'Buckets log requests',
      severity: 'medium',
      level: 'advisory',
      note: 'A bucket that holds logs would log its own logging.',
      fix: 'Add an s3.BucketLogging for the bucket.',
    },
    setting('Logging'),
    'it has no BucketLogging',
  ),
  {
    id: 's3-no-acls',
    controls: ['S3.12'],
    title: 'Buckets do not use access control lists',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Remove the ACL, and keep objectOwnership BucketOwnerEnforced.',
    types: [
      ...buckets,
      ...setting('Acl'),
      'aws:s3/bucketOwnershipControls:BucketOwnershipControls',
    ],
    check: ({ type, props }, report) => {
      if (type === 'aws:s3/bucketOwnershipControls:BucketOwnershipControls') {
        const ownership = props.get('rule.objectOwnership').text();
        if (ownership !== 'BucketOwnerEnforced')
          report.violation(`objectOwnership is ${ownership ?? 'absent'}`);
      } else if (!buckets.includes(type)) {
        report.violation('it sets an access control list');
      } else if (props.get('acl').isSet || props.get('grants').list().length > 0) {
        report.violation('acl or grants is set');
      }
    },
  },
  bucketRule(
    {
      id: 's3-lifecycle',
      controls: ['S3.10', 'S3.13'],
      title: 'Buckets say how long they keep objects',
      severity: 'low',
      level: 'mandatory',
      fix: 'Add an s3.BucketLifecycleConfiguration for the bucket.',
    },
    setting('LifecycleConfiguration'),
    'it has no BucketLifecycleConfiguration',
  ),
  bucketRule(
    {
      id: 's3-versioning',
      controls: ['S3.14'],
      title: 'Buckets keep older versions of objects',
      severity: 'low',
      level: 'advisory',
      note: 'Not part of the Foundational Security Best Practices; logs are written once.',
      fix: 'Add an s3.BucketVersioning for the bucket with status Enabled.',
    },
    setting('Versioning'),
    'it has no BucketVersioning',
    ({ props }) => {
      const status = props.get('versioningConfiguration.status').text();
      return status === 'Enabled' ? undefined : `its versioning is ${status ?? 'absent'}`;
    },
  ),
  bucketRule(
    {
      id: 's3-encryption',
      controls: ['S3.17'],
      title: 'Buckets say how they encrypt objects',
      severity: 'medium',
      level: 'advisory',
      note: 'Amazon S3 encrypts every new object by itself; the control wants a key of KMS, this rule a decision.',
      fix: 'Add an s3.BucketServerSideEncryptionConfiguration for the bucket.',
    },
    setting('ServerSideEncryptionConfiguration'),
    'it has no BucketServerSideEncryptionConfiguration',
  ),
];
