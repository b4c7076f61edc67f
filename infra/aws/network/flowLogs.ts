import { LogGroup, type LogGroupArgs } from '@pulumi/aws/cloudwatch/logGroup.js';
import { FlowLog, type FlowLogArgs } from '@pulumi/aws/ec2/flowLog.js';
import { Role, type RoleArgs } from '@pulumi/aws/iam/role.js';
import { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import * as pulumi from '@pulumi/pulumi';
import { Component, type Transform } from '../../component.ts';
import { policyDocument, serviceTrustPolicy } from '../access/policies.ts';
import type { RoleDefaults } from '../naming.ts';

export interface FlowLogsArgs {
  vpcId: pulumi.Input<string>;
  /** The flows to log. */
  traffic: 'REJECT' | 'ALL';
  retentionDays: number;
  accountId: string;
  roleDefaults: RoleDefaults;
  /** Changes the underlying resources, applied last. */
  transform?:
    | {
        logGroup?: Transform<LogGroupArgs>;
        role?: Transform<RoleArgs>;
        flowLog?: Transform<FlowLogArgs>;
      }
    | undefined;
}

/**
 * Who talked to whom in a VPC, in CloudWatch Logs. Its role may write into its own log group and
 * nowhere else.
 */
export class FlowLogs extends Component {
  readonly logGroupName: pulumi.Output<string>;

  constructor(name: string, args: FlowLogsArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:FlowLogs', name, opts);
    const { transform = {} } = args;
    const logGroup = this.child(
      LogGroup,
      '',
      { retentionInDays: args.retentionDays },
      { transform: transform.logGroup },
    );
    const role = this.child(
      Role,
      '',
      {
        ...args.roleDefaults,
        assumeRolePolicy: serviceTrustPolicy('vpc-flow-logs.amazonaws.com', args),
      },
      { transform: transform.role },
    );
    const policy = this.child(RolePolicy, '', {
      role: role.id,
      policy: policyDocument([
        {
          Effect: 'Allow',
          Action: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'],
          Resource: [logGroup.arn, pulumi.interpolate`${logGroup.arn}:*`],
        },
      ]),
    });
    this.child(
      FlowLog,
      '',
      {
        vpcId: args.vpcId,
        trafficType: args.traffic,
        logDestinationType: 'cloud-watch-logs',
        logDestination: logGroup.arn,
        iamRoleArn: role.arn,
      },
      { transform: transform.flowLog, dependsOn: [policy] },
    );
    this.logGroupName = logGroup.name;
    this.registerOutputs({});
  }
}
