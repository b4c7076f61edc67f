import { serviceHost, type AwsPlace } from '../naming.ts';
import type { Statement } from './policies.ts';

/** Where a stack lives, for the ARNs of what its workflows may touch. */
export interface CiScope extends AwsPlace {
  /** Path of the stack's roles, `/slipway/prod/`. */
  rolePath: string;
  /** ARN of the policy that every role of the stack must have as its boundary. */
  boundaryArn: string;
  /** Name of the stack's repository of images. */
  imageRepository: string;
  stateBucket: string;
  stateKeyArn?: string | undefined;
  signingKeyArn?: string | undefined;
}

/** Holds where one of these services uses a key for whoever calls it. */
export function viaServices(
  place: AwsPlace,
  services: string[],
): NonNullable<Statement['Condition']> {
  const hosts = services.map((service) => serviceHost(place, service));
  return { StringEquals: { 'kms:ViaService': hosts } };
}

/** The stack's images. */
export function repositoryArn({ partition, region, accountId, imageRepository }: CiScope): string {
  return `arn:${partition}:ecr:${region}:${accountId}:repository/${imageRepository}`;
}

/** The bucket that holds the Pulumi state. */
export function bucketArn({ partition, stateBucket }: CiScope): string {
  return `arn:${partition}:s3:::${stateBucket}`;
}

/** Rights on the key of the secrets in the state, where it has one. */
export function stateKey({ stateKeyArn }: CiScope, actions: string[]): Statement[] {
  return stateKeyArn
    ? [{ Sid: 'StateKey', Effect: 'Allow', Action: actions, Resource: [stateKeyArn] }]
    : [];
}
