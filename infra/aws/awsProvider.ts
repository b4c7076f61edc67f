import { Provider, type ProviderArgs } from '@pulumi/aws/provider.js';
import type { input as awsInputs } from '@pulumi/aws/types/index.js';
import { labelKeys, type StackIdentity } from '../docker-engine/labels.ts';

/** An emulator of AWS in place of AWS itself. */
export interface Emulator {
  /** Where its API is, such as `http://127.0.0.1:4566`. */
  endpoint: string;
}

/** The services that `infra/aws` uses, by the provider's names for them. */
const services = [
  'acm',
  'applicationautoscaling',
  'cloudwatch',
  'cloudwatchevents',
  'cloudwatchlogs',
  'ec2',
  'ecr',
  'ecs',
  'elasticache',
  'elbv2',
  'iam',
  'kms',
  'rds',
  'route53',
  's3',
  'secretsmanager',
  'sns',
  'sts',
  'wafv2',
] as const satisfies (keyof awsInputs.ProviderEndpoint)[];

/** Tags of everything in a stack. By `dev.slipway.stack` costs and leftovers are told apart. */
export function stackTags({
  project,
  stack,
}: Pick<StackIdentity, 'project' | 'stack'>): Record<string, string> {
  return {
    [labelKeys.project]: project,
    [labelKeys.stack]: stack,
    'dev.slipway.managed-by': 'pulumi',
  };
}

/**
 * The provider of one stack: for its own account and region alone, and with its tags on everything.
 */
export function awsProvider(args: {
  region: string;
  /** A profile of `~/.aws/config`; by default AWS_PROFILE, or what the environment holds. */
  profile?: string | undefined;
  accountId: string;
  identity: StackIdentity;
  emulator?: Emulator | undefined;
}): Provider {
  const { emulator } = args;
  const emulated: ProviderArgs = emulator
    ? {
        endpoints: [Object.fromEntries(services.map((service) => [service, emulator.endpoint]))],
        s3UsePathStyle: true,
        skipMetadataApiCheck: true,
      }
    : {};
  return new Provider('aws', {
    region: args.region,
    ...(args.profile !== undefined && { profile: args.profile }),
    allowedAccountIds: [args.accountId],
    defaultTags: { tags: stackTags(args.identity) },
    ...emulated,
  });
}
