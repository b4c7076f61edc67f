import type * as pulumi from '@pulumi/pulumi';
import type { AwsConfig } from '../config/config.ts';
import { createProfile, type Profile } from '../config/profile.ts';
import type { StackIdentity } from '../docker-engine/labels.ts';
import type { AwsConnection } from '../release/awsConnection.ts';
import { awsProvider, type Emulator } from './awsProvider.ts';
import { partitionOf, type AwsPlace } from './naming.ts';

/** Every part of a stack on AWS is made with these. */
export interface Setting {
  config: AwsConfig;
  identity: StackIdentity;
  /** Stands in for AWS. */
  emulator: Emulator | undefined;
  profile: Profile;
  place: AwsPlace;
  /** Begins physical names, such as `slipway-prod`. */
  prefix: string;
  /** Begins the names of log groups, such as `/slipway/prod`. */
  logPrefix: string;
  /** With the stack's provider. */
  opts: pulumi.ComponentResourceOptions;
}

/** Registers the stack's AWS provider. */
export function createSetting(survey: {
  config: AwsConfig;
  identity: StackIdentity;
  emulator?: Emulator | undefined;
}): Setting {
  const { config, identity, emulator } = survey;
  const { region, awsProfile: profile, awsAccountId: accountId } = config;
  return {
    config,
    identity,
    emulator,
    profile: createProfile(config),
    place: { partition: partitionOf(region), region, accountId },
    prefix: `${identity.project}-${identity.stack}`,
    logPrefix: `/${identity.project}/${identity.stack}`,
    opts: { providers: [awsProvider({ region, profile, accountId, identity, emulator })] },
  };
}

/** Where the release provider asks AWS, and as whom. */
export function connection({ config, emulator }: Setting): AwsConnection {
  const { region, awsProfile: profile } = config;
  const endpoint = emulator?.endpoint;
  return {
    region,
    ...(profile !== undefined && { profile }),
    ...(endpoint !== undefined && {
      endpoints: { ecs: endpoint, logs: endpoint, elbv2: endpoint },
    }),
  };
}
