import * as pulumi from '@pulumi/pulumi';

/**
 * What the AWS console shows for things that have no name of their own, such as subnets:
 * `slipway-prod-network-vpc`.
 */
export function nameTag(logicalName: string): { Name: string } {
  return { Name: `${pulumi.getProject()}-${pulumi.getStack()}-${logicalName}` };
}

/** What every IAM role of a stack is made with. */
export interface RoleDefaults {
  /**
   * Path of the stack's roles, `/slipway/prod/`: whoever may deploy it may manage these roles and
   * no others.
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
 * How the names of AWS's services end in a partition, such as
 * `secretsmanager.eu-central-1.amazonaws.com`.
 */
export function serviceDomain(partition: string): string {
  return partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
}
