import { Alias } from '@pulumi/aws/kms/alias.js';
import { Key, type KeyArgs } from '@pulumi/aws/kms/key.js';
import * as pulumi from '@pulumi/pulumi';
import { policyDocument, type AwsPlace, type Statement } from './policies.ts';
import { transformed, type Transform } from '../transform.ts';

export interface EncryptionKeyArgs {
  /** What it encrypts, as the console shows it. */
  description: string;
  /** `alias/<project>-<stack>`: with the component's name, unique in its account and region. */
  aliasPrefix: string;
  place: AwsPlace;
  /** Lets CloudWatch Logs, and alarms and events on their way to a topic, use it. */
  usedBy?: ('logs' | 'alerts')[];
  /** A key under deletion can be had back for 30 days instead of 7. */
  protect: boolean;
  transform?: { key?: Transform<KeyArgs> };
}

/** A KMS key that rotates every year. */
export class EncryptionKey extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: EncryptionKeyArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:EncryptionKey', name, {}, opts);
    const key = new Key(
      ...transformed(
        args.transform?.key,
        `${name}-key`,
        {
          description: args.description,
          enableKeyRotation: true,
          deletionWindowInDays: args.protect ? 30 : 7,
          policy: policyDocument([
            administration(args.place),
            ...(args.usedBy ?? []).map((user) => grants[user](args.place)),
          ]),
        },
        { parent: this, protect: args.protect },
      ),
    );
    new Alias(
      `${name}-alias`,
      { name: `${args.aliasPrefix}-${name}`, targetKeyId: key.keyId },
      { parent: this },
    );
    this.arn = key.arn;
    this.registerOutputs({});
  }
}

/**
 * The account decides by IAM who uses the key; without this nobody could change the key any more.
 */
function administration({ partition, accountId }: AwsPlace): Statement {
  return {
    Sid: 'Account',
    Effect: 'Allow',
    Principal: { AWS: `arn:${partition}:iam::${accountId}:root` },
    Action: 'kms:*',
    Resource: '*',
  };
}

const grants: Record<'logs' | 'alerts', (place: AwsPlace) => Statement> = {
  logs: ({ partition, region, accountId }) => ({
    Sid: 'Logs',
    Effect: 'Allow',
    Principal: { Service: `logs.${region}.amazonaws.com` },
    Action: [
      'kms:Encrypt*',
      'kms:Decrypt*',
      'kms:ReEncrypt*',
      'kms:GenerateDataKey*',
      'kms:Describe*',
    ],
    Resource: '*',
    Condition: {
      ArnLike: {
        'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${accountId}:*`,
      },
    },
  }),
  // No condition: EventBridge sends KMS no source account, and a condition that never holds would
  // silence every alarm.
  alerts: () => ({
    Sid: 'Alerts',
    Effect: 'Allow',
    Principal: { Service: ['cloudwatch.amazonaws.com', 'events.amazonaws.com'] },
    Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
    Resource: '*',
  }),
};
