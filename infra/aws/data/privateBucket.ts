import { Bucket, type BucketArgs } from '@pulumi/aws/s3/bucket.js';
import {
  BucketLifecycleConfiguration,
  type BucketLifecycleConfigurationArgs,
} from '@pulumi/aws/s3/bucketLifecycleConfiguration.js';
import { BucketOwnershipControls } from '@pulumi/aws/s3/bucketOwnershipControls.js';
import { BucketPolicy } from '@pulumi/aws/s3/bucketPolicy.js';
import { BucketPublicAccessBlock } from '@pulumi/aws/s3/bucketPublicAccessBlock.js';
import { BucketServerSideEncryptionConfiguration } from '@pulumi/aws/s3/bucketServerSideEncryptionConfiguration.js';
import type { input } from '@pulumi/aws/types/index.js';
import * as pulumi from '@pulumi/pulumi';
import { Component, type Transform } from '../../component.ts';
import { policyDocument, tlsOnly, type Statement } from '../access/policies.ts';

export interface PrivateBucketArgs {
  /** Keeps a bucket with files in it from being deleted; without it, a deletion takes them along. */
  protect: boolean;
  encryption: input.s3.BucketServerSideEncryptionConfigurationRule;
  /** When files go; uploads that were cut off go after a week in any case. */
  expiry: Omit<input.s3.BucketLifecycleConfigurationRule, 'status' | 'filter'>;
  /** Who may come in beside the account itself; nobody by default. */
  statements?: (bucket: Bucket) => Statement[];
  /** Logical names of the parts: with a role each, or all named as the bucket. They cannot change. */
  partNames: 'byRole' | 'asBucket';
  /** Changes the underlying resources, applied last. */
  transform?: PrivateBucketTransform | undefined;
}

export interface PrivateBucketTransform {
  bucket?: Transform<BucketArgs>;
  lifecycle?: Transform<BucketLifecycleConfigurationArgs>;
}

/** The base of every bucket: no public access, no access lists, encrypted, by TLS alone. */
export abstract class PrivateBucket extends Component {
  protected readonly bucket: Bucket;
  protected readonly policy: BucketPolicy;

  constructor(
    type: string,
    name: string,
    args: PrivateBucketArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super(type, name, opts);
    const { protect, transform = {} } = args;
    const role = (part: string) => (args.partNames === 'byRole' ? part : '');
    this.bucket = this.child(
      Bucket,
      '',
      { forceDestroy: !protect },
      { protect, transform: transform.bucket },
    );
    const { id, arn } = this.bucket;
    const closed = this.child(BucketPublicAccessBlock, role('access'), {
      bucket: id,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    // S3 refuses two changes of a bucket's access at once.
    const afterClosed = { dependsOn: [closed] };
    const ownership = { bucket: id, rule: { objectOwnership: 'BucketOwnerEnforced' } };
    this.child(BucketOwnershipControls, role('ownership'), ownership, afterClosed);
    const encryption = { bucket: id, rules: [args.encryption] };
    this.child(BucketServerSideEncryptionConfiguration, role('encryption'), encryption);
    this.child(
      BucketLifecycleConfiguration,
      role('lifecycle'),
      {
        bucket: id,
        rules: [
          {
            status: 'Enabled',
            filter: { prefix: '' },
            abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
            ...args.expiry,
          },
        ],
      },
      { transform: transform.lifecycle },
    );
    const statements = args.statements?.(this.bucket) ?? [];
    const policy = policyDocument([
      ...statements,
      tlsOnly('s3:*', [arn, pulumi.interpolate`${arn}/*`]),
    ]);
    this.policy = this.child(BucketPolicy, role('policy'), { bucket: id, policy }, afterClosed);
  }
}
