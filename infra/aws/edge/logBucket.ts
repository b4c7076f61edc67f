import { Bucket, type BucketArgs } from '@pulumi/aws/s3/bucket.js';
import {
  BucketLifecycleConfiguration,
  type BucketLifecycleConfigurationArgs,
} from '@pulumi/aws/s3/bucketLifecycleConfiguration.js';
import { BucketOwnershipControls } from '@pulumi/aws/s3/bucketOwnershipControls.js';
import { BucketPolicy } from '@pulumi/aws/s3/bucketPolicy.js';
import { BucketPublicAccessBlock } from '@pulumi/aws/s3/bucketPublicAccessBlock.js';
import { BucketServerSideEncryptionConfiguration } from '@pulumi/aws/s3/bucketServerSideEncryptionConfiguration.js';
import * as pulumi from '@pulumi/pulumi';
import { transformed, type Transform } from '../transform.ts';

export interface LogBucketArgs {
  accountId: string;
  /** Logs are removed after so many days. */
  retentionDays: number;
  /** Keeps the bucket from being deleted; without it, a deletion takes the logs along. */
  protect: boolean;
  /** Changes the underlying resources, applied last. */
  transform?: {
    bucket?: Transform<BucketArgs>;
    lifecycle?: Transform<BucketLifecycleConfigurationArgs>;
  };
}

/**
 * A private bucket for the access logs of load balancers of this account and region. They write
 * with S3's own keys: ELB supports no other encryption.
 */
export class LogBucket extends pulumi.ComponentResource {
  /** The bucket's name. Known once load balancers may write. */
  readonly bucket: pulumi.Output<string>;

  constructor(name: string, args: LogBucketArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:LogBucket', name, {}, opts);
    const { transform = {} } = args;
    const parent = { parent: this };
    const bucketArgs = { forceDestroy: !args.protect };
    const bucket = new Bucket(
      ...transformed<BucketArgs>(transform.bucket, name, bucketArgs, {
        ...parent,
        protect: args.protect,
      }),
    );
    const closed = new BucketPublicAccessBlock(
      name,
      {
        bucket: bucket.id,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      },
      parent,
    );
    new BucketOwnershipControls(
      name,
      { bucket: bucket.id, rule: { objectOwnership: 'BucketOwnerEnforced' } },
      { ...parent, dependsOn: [closed] },
    );
    new BucketServerSideEncryptionConfiguration(
      name,
      {
        bucket: bucket.id,
        rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }],
      },
      parent,
    );
    const lifecycleArgs: BucketLifecycleConfigurationArgs = {
      bucket: bucket.id,
      rules: [
        {
          id: 'expire',
          status: 'Enabled',
          filter: { prefix: '' },
          expiration: { days: args.retentionDays },
          abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
        },
      ],
    };
    new BucketLifecycleConfiguration(
      ...transformed<BucketLifecycleConfigurationArgs>(
        transform.lifecycle,
        name,
        lifecycleArgs,
        parent,
      ),
    );
    const policy = new BucketPolicy(
      name,
      { bucket: bucket.id, policy: pulumi.jsonStringify(bucketPolicy(bucket.arn, args.accountId)) },
      // S3 refuses two changes of a bucket's access at once.
      { ...parent, dependsOn: [closed] },
    );
    this.bucket = pulumi.all([bucket.id, policy.id]).apply(([id]) => id);
    this.registerOutputs({});
  }
}

function bucketPolicy(arn: pulumi.Output<string>, accountId: string): object {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        // The path is what keeps other accounts out: ELB writes under the account of the load
        // balancer.
        Sid: 'LoadBalancerLogs',
        Effect: 'Allow',
        Principal: { Service: 'logdelivery.elasticloadbalancing.amazonaws.com' },
        Action: 's3:PutObject',
        Resource: pulumi.interpolate`${arn}/AWSLogs/${accountId}/*`,
      },
      {
        Sid: 'TlsOnly',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: [arn, pulumi.interpolate`${arn}/*`],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ],
  };
}
