import { Alias } from '@pulumi/aws/kms/alias.js';
import { Key, type KeyArgs } from '@pulumi/aws/kms/key.js';
import type * as pulumi from '@pulumi/pulumi';
import { Component, type Transform } from '../../component.ts';
import type { AwsPlace } from '../naming.ts';
import { policyDocument, type Statement } from './policies.ts';

export interface EncryptionKeyArgs {
  /** Names the things that it encrypts; the console shows it. */
  description: string;
  /** `alias/<project>-<stack>`: with the component's name, unique in its account and region. */
  aliasPrefix: string;
  place: AwsPlace;
  /** Lets CloudWatch Logs, and alarms and events on their way to a topic, use it. */
  usedBy?: ('logs' | 'alerts')[];
  /** A key under deletion can be had back for 30 days instead of 7. */
  protect: boolean;
  /** Changes the key, applied last. */
  transform?: { key?: Transform<KeyArgs> };
}

/** A KMS key that rotates every year. */
export class EncryptionKey extends Component {
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: EncryptionKeyArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:EncryptionKey', name, opts);
    const { place, protect, usedBy = [] } = args;
    const key = this.child(
      Key,
      'key',
      {
        description: args.description,
        enableKeyRotation: true,
        deletionWindowInDays: protect ? 30 : 7,
        policy: policyDocument([
          administration(place),
          ...usedBy.map((user) => grants[user](place)),
        ]),
      },
      { protect, transform: args.transform?.key },
    );
    this.child(Alias, 'alias', { name: `${args.aliasPrefix}-${name}`, targetKeyId: key.keyId });
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
