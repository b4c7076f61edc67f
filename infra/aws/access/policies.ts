import * as pulumi from '@pulumi/pulumi';

/** Where a stack lives: what ARNs are made of. */
export interface AwsPlace {
  /** `aws`, `aws-cn` or `aws-us-gov`. */
  partition: string;
  /** Such as `eu-central-1`. */
  region: string;
  /** Twelve digits. */
  accountId: string;
}

/** One statement of an IAM policy. */
export interface Statement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Principal?: '*' | Record<string, pulumi.Input<string> | pulumi.Input<string>[]>;
  Action: string | string[];
  /** Left out in a trust policy. */
  Resource?: pulumi.Input<string> | pulumi.Input<string>[];
  Condition?: Record<string, Record<string, pulumi.Input<string> | string[]>>;
}

/** A policy document as the text that AWS takes. */
export function policyDocument(statements: Statement[]): pulumi.Output<string> {
  return pulumi.jsonStringify({ Version: '2012-10-17', Statement: statements });
}

/** Lets the tasks of this account, and nobody else's, take on a role. */
export function taskTrustPolicy(place: AwsPlace): pulumi.Output<string> {
  return policyDocument([
    {
      Effect: 'Allow',
      Principal: { Service: 'ecs-tasks.amazonaws.com' },
      Action: 'sts:AssumeRole',
      Condition: {
        StringEquals: { 'aws:SourceAccount': place.accountId },
        ArnLike: {
          'aws:SourceArn': `arn:${place.partition}:ecs:${place.region}:${place.accountId}:*`,
        },
      },
    },
  ]);
}
