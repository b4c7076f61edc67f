import {
  Policy as ScalingPolicy,
  type PolicyArgs as ScalingPolicyArgs,
} from '@pulumi/aws/appautoscaling/policy.js';
import { Target as ScalableTarget } from '@pulumi/aws/appautoscaling/target.js';
import type { input as awsInputs } from '@pulumi/aws/types/index.js';
import * as pulumi from '@pulumi/pulumi';
import type { Backlog } from '../../blueprint.ts';
import { Component, type Transform } from '../../component.ts';

export interface AutoscalingArgs {
  clusterName: pulumi.Input<string>;
  serviceName: pulumi.Input<string>;
  min: number;
  max: number;
  /** Mean CPU of the tasks, percent. */
  cpuTargetPercent: number;
  /** Requests through a load balancer. */
  requests?: {
    /** A minute, for each task. */
    perTarget: number;
    loadBalancerArnSuffix: pulumi.Input<string>;
    targetGroupArnSuffix: pulumi.Input<string>;
  };
  /** Jobs that wait, for a service that works on a queue. */
  backlog?: Backlog & { namespace: string };
  /** Changes the policies, applied last. */
  transform?: { policy?: Transform<ScalingPolicyArgs> };
}

type Tracking = awsInputs.appautoscaling.PolicyTargetTrackingScalingPolicyConfiguration;

/**
 * Starts tasks within a minute of load, and stops them one by one when it has been gone for five.
 */
export class Autoscaling extends Component {
  constructor(name: string, args: AutoscalingArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:Autoscaling', name, opts);
    const target = this.child(ScalableTarget, '', {
      serviceNamespace: 'ecs',
      scalableDimension: 'ecs:service:DesiredCount',
      resourceId: pulumi.interpolate`service/${args.clusterName}/${args.serviceName}`,
      minCapacity: args.min,
      maxCapacity: args.max,
    });
    for (const [role, tracking] of Object.entries(trackings(args))) {
      this.child(
        ScalingPolicy,
        role,
        {
          policyType: 'TargetTrackingScaling',
          serviceNamespace: target.serviceNamespace,
          scalableDimension: target.scalableDimension,
          resourceId: target.resourceId,
          targetTrackingScalingPolicyConfiguration: {
            ...tracking,
            scaleOutCooldown: 60,
            scaleInCooldown: 300,
          },
        },
        { transform: args.transform?.policy },
      );
    }
    this.registerOutputs({});
  }
}

/** The values that are followed: the one that asks for most tasks wins. */
function trackings({
  cpuTargetPercent,
  requests,
  backlog,
}: AutoscalingArgs): Record<string, Tracking> {
  return {
    cpu: {
      targetValue: cpuTargetPercent,
      predefinedMetricSpecification: { predefinedMetricType: 'ECSServiceAverageCPUUtilization' },
    },
    ...(requests && {
      requests: {
        targetValue: requests.perTarget,
        predefinedMetricSpecification: {
          predefinedMetricType: 'ALBRequestCountPerTarget',
          resourceLabel: pulumi.interpolate`${requests.loadBalancerArnSuffix}/${requests.targetGroupArnSuffix}`,
        },
      },
    }),
    ...(backlog && {
      backlog: {
        targetValue: backlog.perInstance,
        customizedMetricSpecification: {
          namespace: backlog.namespace,
          metricName: backlog.metric,
          statistic: 'Average',
        },
      },
    }),
  };
}
