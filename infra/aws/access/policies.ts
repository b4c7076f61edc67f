import * as pulumi from '@pulumi/pulumi';
import type { AwsPlace } from '../naming.ts';

type Text = pulumi.Input<string>;

/** One statement of an IAM policy. */
export interface Statement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Principal?: '*' | Record<string, Text | Text[]>;
  Action: string | string[];
  /** Left out in a trust policy. */
  Resource?: Text | Text[];
  /** Everything but these, in place of `Resource`. */
  NotResource?: Text[];
  Condition?: Condition;
}

type Condition = Record<string, Record<string, Text | string[]>>;

/** A policy document as the text that AWS takes. */
export function policyDocument(statements: Statement[]): pulumi.Output<string> {
  return pulumi.jsonStringify({ Version: '2012-10-17', Statement: statements });
}

/**
 * Lets one service of AWS take on a role, on behalf of this account and nobody else's.
 *
 * @param service such as `vpc-flow-logs.amazonaws.com`
 * @param condition what must hold beside the account
 */
export function serviceTrustPolicy(
  service: string,
  { accountId }: Pick<AwsPlace, 'accountId'>,
  condition: Condition = {},
): pulumi.Output<string> {
  return policyDocument([
    {
      Effect: 'Allow',
      Principal: { Service: service },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'aws:SourceAccount': accountId }, ...condition },
    },
  ]);
}

/** Refuses requests that do not come by TLS, whoever sends them. */
export function tlsOnly(action: string, resource: NonNullable<Statement['Resource']>): Statement {
  return {
    Sid: 'TlsOnly',
    Effect: 'Deny',
    Principal: '*',
    Action: action,
    Resource: resource,
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
}
