import {
  isPublic,
  statement,
  statementName,
  statementValues,
} from '../../resource/policyDocument.ts';
import type { Rule } from '../rule.ts';
import { companionRule } from '../shapes/companionRule.ts';
import { publicPolicyRule } from '../shapes/publicPolicyRule.ts';

const buckets = ['aws:s3/bucket:Bucket', 'aws:s3/bucketV2:BucketV2'];
const bucketPolicy = 'aws:s3/bucketPolicy:BucketPolicy';
const ownershipControls = 'aws:s3/bucketOwnershipControls:BucketOwnershipControls';
const companion = { owners: buckets, by: 'bucket' };

/** The types of a bucket's setting: each is a resource with a name and an older name. */
const setting = (name: string): string[] => [
  `aws:s3/bucket${name}:Bucket${name}`,
  `aws:s3/bucket${name}V2:Bucket${name}V2`,
];

const blocks = [
  'blockPublicAcls',
  'blockPublicPolicy',
  'ignorePublicAcls',
  'restrictPublicBuckets',
];

/** Actions on the bucket itself, which S3.6 keeps from other accounts. */
const bucketActions =
  /^s3:(\*|DeleteBucketPolicy|PutBucketAcl|PutBucketPolicy|PutEncryptionConfiguration|PutObjectAcl)$/;
const wholeAccount = /^\d{12}$|^arn:aws[\w-]*:iam::\d{12}:root$/;

/** Who may reach a bucket, and how. */
const s3AccessRules: Rule[] = [
  companionRule({
    id: 's3-block-public',
    controls: ['S3.2', 'S3.3', 'S3.8'],
    title: 'Buckets block public access',
    severity: 'high',
    level: 'mandatory',
    fix: 'Add an s3.BucketPublicAccessBlock for the bucket with all four flags true.',
    ...companion,
    companions: ['aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock'],
    absent: 'it has no BucketPublicAccessBlock',
    fault: ({ props }) => {
      const open = blocks.filter((name) => !props.get(name).flag());
      return open.length > 0 && `${open.join(', ')} not true`;
    },
  }),
  companionRule({
    id: 's3-tls-only',
    controls: ['S3.5'],
    title: 'Buckets refuse requests without TLS',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Add an s3.BucketPolicy that denies every action where aws:SecureTransport is false.',
    ...companion,
    companions: [bucketPolicy],
    absent: 'it has no BucketPolicy',
    fault: ({ props }) => {
      const denied = statementValues(props.get('policy')).some((value) => {
        const { allows, actions, principals, conditions } = statement(value);
        return (
          !allows &&
          principals.includes('*') &&
          actions.some((action) => action === '*' || action === 's3:*') &&
          conditions.get('Bool').get('aws:SecureTransport').texts().includes('false')
        );
      });
      return !denied && 'its BucketPolicy does not refuse requests without TLS';
    },
  }),
  publicPolicyRule({
    id: 's3-private',
    controls: ['S3.6'],
    title: 'Bucket policies admit only named principals',
    severity: 'high',
    level: 'mandatory',
    types: [bucketPolicy],
  }),
  {
    id: 's3-no-foreign-actions',
    controls: ['S3.6'],
    title: 'Bucket policies do not let other accounts change the bucket itself',
    severity: 'high',
    level: 'mandatory',
    fix: 'Remove the action from the statement, or name a principal of this account.',
    types: [bucketPolicy],
    check: ({ props }, report) =>
      report.each(statementValues(props.get('policy')), (value) => {
        const one = statement(value);
        if (!one.allows || isPublic(one)) return undefined;
        const foreign = one.principals.some((who) => wholeAccount.test(who));
        const actions = one.actions.filter((action) => bucketActions.test(action));
        if (!foreign || actions.length === 0) return undefined;
        return `${statementName(value)} allows ${actions.join(', ')} to a whole account`;
      }),
  },
  {
    id: 's3-no-acls',
    controls: ['S3.12'],
    title: 'Buckets use no access control lists',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Remove the ACL, and keep objectOwnership BucketOwnerEnforced.',
    types: [...buckets, ...setting('Acl'), ownershipControls],
    check: ({ type, props }) => {
      if (type === ownershipControls) {
        const ownership = props.get('rule.objectOwnership').text();
        return ownership !== 'BucketOwnerEnforced' && `objectOwnership is ${ownership ?? 'absent'}`;
      }
      if (!buckets.includes(type)) return 'it sets an access control list';
      const set = props.get('acl').isSet || props.get('grants').list().length > 0;
      return set && 'acl or grants is set';
    },
  },
];

/** How a bucket keeps its objects. */
const s3StorageRules: Rule[] = [
  companionRule({
    id: 's3-access-logs',
    controls: ['S3.9'],
    title: 'Buckets log requests',
    severity: 'medium',
    level: 'advisory',
    note: 'A bucket of logs would log its own logging.',
    fix: 'Add an s3.BucketLogging for the bucket.',
    ...companion,
    companions: setting('Logging'),
    absent: 'it has no BucketLogging',
  }),
  companionRule({
    id: 's3-lifecycle',
    controls: ['S3.10', 'S3.13'],
    title: 'Buckets state how long they keep objects',
    severity: 'low',
    level: 'mandatory',
    fix: 'Add an s3.BucketLifecycleConfiguration for the bucket.',
    ...companion,
    companions: setting('LifecycleConfiguration'),
    absent: 'it has no BucketLifecycleConfiguration',
  }),
  companionRule({
    id: 's3-versioning',
    controls: ['S3.14'],
    title: 'Buckets keep older versions of objects',
    severity: 'low',
    level: 'advisory',
    note: 'Not in FSBP. Logs are written once.',
    fix: 'Add an s3.BucketVersioning for the bucket with status Enabled.',
    ...companion,
    companions: setting('Versioning'),
    absent: 'it has no BucketVersioning',
    fault: ({ props }) => {
      const status = props.get('versioningConfiguration.status').text();
      return status !== 'Enabled' && `its versioning is ${status ?? 'absent'}`;
    },
  }),
  companionRule({
    id: 's3-encryption',
    controls: ['S3.17'],
    title: 'Buckets state how they encrypt objects',
    severity: 'medium',
    level: 'advisory',
    note: 'Amazon S3 encrypts every new object by default. The control wants a KMS key, this rule a decision.',
    fix: 'Add an s3.BucketServerSideEncryptionConfiguration for the bucket.',
    ...companion,
    companions: setting('ServerSideEncryptionConfiguration'),
    absent: 'it has no BucketServerSideEncryptionConfiguration',
  }),
];

export const s3Rules: Rule[] = [...s3AccessRules, ...s3StorageRules];
