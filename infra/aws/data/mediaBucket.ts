import { Bucket, type BucketArgs } from '@pulumi/aws/s3/bucket.js';
import { BucketLifecycleConfiguration } from '@pulumi/aws/s3/bucketLifecycleConfiguration.js';
import { BucketOwnershipControls } from '@pulumi/aws/s3/bucketOwnershipControls.js';
import { BucketPolicy } from '@pulumi/aws/s3/bucketPolicy.js';
import { BucketPublicAccessBlock } from '@pulumi/aws/s3/bucketPublicAccessBlock.js';
import { BucketServerSideEncryptionConfiguration } from '@pulumi/aws/s3/bucketServerSideEncryptionConfiguration.js';
import { BucketVersioning } from '@pulumi/aws/s3/bucketVersioning.js';
import * as pulumi from '@pulumi/pulumi';
import { policyDocument, type Statement } from '../access/policies.ts';
import { transformed, type Transform } from '../transform.ts';

export interface MediaBucketArgs {
  kmsKeyArn: pulumi.Input<string>;
  /** A bucket with files in it is not deleted. */
  protect: boolean;
  /** The escape hatch: changes what the bucket is registered with. */
  transform?: { bucket?: Transform<BucketArgs> };
}

/** S3 for the files that people upload: private, encrypted, every version kept for 30 days. */
export class MediaBucket extends pulumi.ComponentResource {
  readonly bucketName: pulumi.Output<string>;
  /** What a task that reads and writes media must be allowed. */
  readonly statements: Statement[];

  constructor(name: string, args: MediaBucketArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:MediaBucket', name, {}, opts);
    const child = { parent: this };
    const bucket = new Bucket(
      ...transformed<BucketArgs>(
        args.transform?.bucket,
        name,
        { forceDestroy: !args.protect },
        { ...child, protect: args.protect },
      ),
    );
    const access = new BucketPublicAccessBlock(
      `${name}-access`,
      {
        bucket: bucket.id,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      },
      child,
    );
    new BucketOwnershipControls(
      `${name}-ownership`,
      { bucket: bucket.id, rule: { objectOwnership: 'BucketOwnerEnforced' } },
      child,
    );
    new BucketVersioning(
      `${name}-versioning`,
      { bucket: bucket.id, versioningConfiguration: { status: 'Enabled' } },
      child,
    );
    new BucketServerSideEncryptionConfiguration(
      `${name}-encryption`,
      {
        bucket: bucket.id,
        rules: [
          {
            applyServerSideEncryptionByDefault: {
              sseAlgorithm: 'aws:kms',
              kmsMasterKeyId: args.kmsKeyArn,
            },
            // One call to KMS for many objects.
            bucketKeyEnabled: true,
          },
        ],
      },
      child,
    );
    new BucketLifecycleConfiguration(
      `${name}-lifecycle`,
      {
        bucket: bucket.id,
        rules: [
          {
            id: 'old-versions',
            status: 'Enabled',
            filter: { prefix: '' },
            noncurrentVersionExpiration: { noncurrentDays: 30 },
            abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
          },
        ],
      },
      child,
    );
    new BucketPolicy(
      `${name}-policy`,
      {
        bucket: bucket.id,
        policy: policyDocument([
          {
            Sid: 'TlsOnly',
            Effect: 'Deny',
            Principal: '*',
            Action: 's3:*',
            Resource: [bucket.arn, pulumi.interpolate`${bucket.arn}/*`],
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ]),
      },
      // S3 refuses to change both at once.
      { ...child, dependsOn: [access] },
    );
    this.bucketName = bucket.bucket;
    this.statements = [
      { Sid: 'MediaList', Effect: 'Allow', Action: 's3:ListBucket', Resource: bucket.arn },
      {
        Sid: 'Media',
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
        Resource: pulumi.interpolate`${bucket.arn}/*`,
      },
      {
        Sid: 'MediaKey',
        Effect: 'Allow',
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Resource: args.kmsKeyArn,
      },
    ];
    this.registerOutputs({});
  }
}
