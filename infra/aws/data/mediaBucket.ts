import { BucketVersioning } from '@pulumi/aws/s3/bucketVersioning.js';
import * as pulumi from '@pulumi/pulumi';
import type { Statement } from '../access/policies.ts';
import { PrivateBucket, type PrivateBucketTransform } from './privateBucket.ts';

export interface MediaBucketArgs {
  kmsKeyArn: pulumi.Input<string>;
  /** A bucket with files in it is not deleted. */
  protect: boolean;
  /** Changes the underlying resources, applied last. */
  transform?: PrivateBucketTransform | undefined;
}

/** S3 for the files that people upload: private, encrypted, every version kept for 30 days. */
export class MediaBucket extends PrivateBucket {
  readonly bucketName: pulumi.Output<string>;
  /** The rights of a task that reads and writes media. */
  readonly statements: Statement[];

  constructor(name: string, args: MediaBucketArgs, opts?: pulumi.ComponentResourceOptions) {
    const { kmsKeyArn, protect, transform } = args;
    super(
      'slipway:aws:MediaBucket',
      name,
      {
        protect,
        encryption: {
          applyServerSideEncryptionByDefault: {
            sseAlgorithm: 'aws:kms',
            kmsMasterKeyId: kmsKeyArn,
          },
          // One call to KMS for many objects.
          bucketKeyEnabled: true,
        },
        expiry: { id: 'old-versions', noncurrentVersionExpiration: { noncurrentDays: 30 } },
        partNames: 'byRole',
        transform,
      },
      opts,
    );
    const { arn, id, bucket } = this.bucket;
    this.child(BucketVersioning, 'versioning', {
      bucket: id,
      versioningConfiguration: { status: 'Enabled' },
    });
    this.bucketName = bucket;
    this.statements = [
      { Sid: 'MediaList', Effect: 'Allow', Action: 's3:ListBucket', Resource: arn },
      {
        Sid: 'Media',
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
        Resource: pulumi.interpolate`${arn}/*`,
      },
      {
        Sid: 'MediaKey',
        Effect: 'Allow',
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Resource: kmsKeyArn,
      },
    ];
    this.registerOutputs({});
  }
}
