import { LogGroup } from '@pulumi/aws/cloudwatch/logGroup.js';
import {
  Cluster as EcsCluster,
  type ClusterArgs as EcsClusterArgs,
} from '@pulumi/aws/ecs/cluster.js';
import { ClusterCapacityProviders } from '@pulumi/aws/ecs/clusterCapacityProviders.js';
import * as pulumi from '@pulumi/pulumi';
import { Component, type Transform } from '../../component.ts';

export interface ClusterArgs {
  /** CloudWatch Container Insights, billed per metric. */
  containerInsights: boolean;
  /** Records what is typed in `aws ecs execute-command`; set where that is allowed. */
  execLog?: { name: string; retentionDays: number; kmsKeyArn: pulumi.Input<string> };
  /** Changes the cluster, applied last. */
  transform?: { cluster?: Transform<EcsClusterArgs> };
}

/** An ECS cluster whose tasks run on Fargate, on spare capacity where a service says so. */
export class Cluster extends Component {
  readonly arn: pulumi.Output<string>;
  readonly clusterName: pulumi.Output<string>;

  constructor(name: string, args: ClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:Cluster', name, opts);
    const { execLog } = args;
    const log =
      execLog &&
      this.child(LogGroup, 'exec-log', {
        name: execLog.name,
        retentionInDays: execLog.retentionDays,
        kmsKeyId: execLog.kmsKeyArn,
      });
    const cluster = this.child(
      EcsCluster,
      '',
      {
        settings: [
          { name: 'containerInsights', value: args.containerInsights ? 'enabled' : 'disabled' },
        ],
        ...(log && {
          configuration: {
            executeCommandConfiguration: {
              logging: 'OVERRIDE',
              logConfiguration: { cloudWatchLogGroupName: log.name },
            },
          },
        }),
      },
      { transform: args.transform?.cluster },
    );
    const capacity = this.child(ClusterCapacityProviders, 'capacity', {
      clusterName: cluster.name,
      capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
      defaultCapacityProviderStrategies: [{ capacityProvider: 'FARGATE', weight: 1 }],
    });
    this.arn = cluster.arn;
    // A service that names a capacity provider must not come before the cluster has it.
    this.clusterName = pulumi
      .all([cluster.name, capacity.id])
      .apply(([clusterName]) => clusterName);
    this.registerOutputs({});
  }
}
