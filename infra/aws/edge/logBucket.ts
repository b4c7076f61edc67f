import * as pulumi from '@pulumi/pulumi';
import { PrivateBucket, type PrivateBucketTransform } from '../data/privateBucket.ts';

export interface LogBucketArgs {
  accountId: string;
  /** Logs are removed after so many days. */
  retentionDays: number;
  /** Keeps the bucket from being deleted; without it, a deletion takes the logs along. */
  protect: boolean;
  /** Changes the underlying resources, applied last. */
  transform?: PrivateBucketTransform | undefined;
}

/**
 * A private bucket for the access logs of load balancers of this account and region. They write
 * with S3's own keys: ELB supports no other encryption.
 */
export class LogBucket extends PrivateBucket {
  /** Known once load balancers may write. */
  readonly bucketName: pulumi.Output<string>;

  constructor(name: string, args: LogBucketArgs, opts?: pulumi.ComponentResourceOptions) {
    const { accountId, retentionDays, protect, transform } = args;
    super(
      'slipway:aws:LogBucket',
      name,
      {
        protect,
        encryption: { applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } },
        expiry: { id: 'expire', expiration: { days: retentionDays } },
        statements: ({ arn }) => [
          {
            // The path keeps other accounts out: ELB writes under the account of the load balancer.
            Sid: 'LoadBalancerLogs',
            Effect: 'Allow',
            Principal: { Service: 'logdelivery.elasticloadbalancing.amazonaws.com' },
            Action: 's3:PutObject',
            Resource: pulumi.interpolate`${arn}/AWSLogs/${accountId}/*`,
          },
        ],
        partNames: 'asBucket',
        transform,
      },
      opts,
    );
    this.bucketName = pulumi.all([this.bucket.id, this.policy.id]).apply(([id]) => id);
    this.registerOutputs({});
  }
}
