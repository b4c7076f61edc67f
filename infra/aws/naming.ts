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

/** The AWS console shows this for things without a name, such as subnets: `slipway-prod-network-vpc`. */
export function nameTag(logicalName: string): { Name: string } {
  return { Name: `${pulumi.getProject()}-${pulumi.getStack()}-${logicalName}` };
}

/** The stack's repository of images, such as `slipway-prod/app`. */
export function repositoryName({ project, stack }: { project: string; stack: string }): string {
  return `${project}-${stack}/app`;
}

/** Arguments of every IAM role of a stack. */
export interface RoleDefaults {
  /**
   * Path of the stack's roles, `/slipway/prod/`: whoever may deploy the stack may manage these
   * roles and no others.
   */
  path: string;
  /** The most that a role of the stack may be allowed, where a boundary is in force. */
  permissionsBoundary?: pulumi.Input<string>;
}

/** The roles' defaults on a stack without a boundary. */
export function rolePath(): RoleDefaults {
  return { path: `/${pulumi.getProject()}/${pulumi.getStack()}/` };
}

/** `aws`, `aws-cn` or `aws-us-gov`: the second part of every ARN in a region. */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

/**
 * How AWS names one of its services in a region, such as
 * `secretsmanager.eu-central-1.amazonaws.com`.
 */
export function serviceHost(
  { partition, region }: Pick<AwsPlace, 'partition' | 'region'>,
  service: string,
): string {
  const domain = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  return `${service}.${region}.${domain}`;
}
