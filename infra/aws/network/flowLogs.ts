import { LogGroup, type LogGroupArgs } from '@pulumi/aws/cloudwatch/logGroup.js';
import { FlowLog, type FlowLogArgs } from '@pulumi/aws/ec2/flowLog.js';
import { Role, type RoleArgs } from '@pulumi/aws/iam/role.js';
import { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import * as pulumi from '@pulumi/pulumi';
import type { RoleDefaults } from '../naming.ts';
import { transformed, type Transform } from '../transform.ts';

export interface FlowLogsArgs {
  vpcId: pulumi.Input<string>;
  /** Which flows are logged. */
  traffic: 'REJECT' | 'ALL';
  retentionDays: number;
  accountId: string;
  roleDefaults: RoleDefaults;
  /** Changes the underlying resources, applied last. */
  transform?: {
    logGroup?: Transform<LogGroupArgs>;
    role?: Transform<RoleArgs>;
    flowLog?: Transform<FlowLogArgs>;
  };
}

/**
 * Who talked to whom in a VPC, in CloudWatch Logs. Its role may write into its own log group and
 * nowhere else.
 */
export class FlowLogs extends pulumi.ComponentResource {
  readonly logGroupName: pulumi.Output<string>;

  constructor(name: string, args: FlowLogsArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:FlowLogs', name, {}, opts);
    const { transform = {} } = args;
    const parent = { parent: this };
    const logGroupArgs = { retentionInDays: args.retentionDays };
    const logGroup = new LogGroup(
      ...transformed<LogGroupArgs>(transform.logGroup, name, logGroupArgs, parent),
    );
    const roleArgs: RoleArgs = {
      ...args.roleDefaults,
      assumeRolePolicy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'vpc-flow-logs.amazonaws.com' },
            Action: 'sts:AssumeRole',
            Condition: { StringEquals: { 'aws:SourceAccount': args.accountId } },
          },
        ],
      }),
    };
    const role = new Role(...transformed<RoleArgs>(transform.role, name, roleArgs, parent));
    const policy = new RolePolicy(
      name,
      {
        role: role.id,
        policy: pulumi.jsonStringify({
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Action: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'],
              Resource: [logGroup.arn, pulumi.interpolate`${logGroup.arn}:*`],
            },
          ],
        }),
      },
      parent,
    );
    const flowLogArgs: FlowLogArgs = {
      vpcId: args.vpcId,
      trafficType: args.traffic,
      logDestinationType: 'cloud-watch-logs',
      logDestination: logGroup.arn,
      iamRoleArn: role.arn,
    };
    new FlowLog(
      ...transformed<FlowLogArgs>(transform.flowLog, name, flowLogArgs, {
        ...parent,
        dependsOn: [policy],
      }),
    );
    this.logGroupName = logGroup.name;
    this.registerOutputs({});
  }
}
