import {
  Service as EcsService,
  type ServiceArgs as EcsServiceArgs,
} from '@pulumi/aws/ecs/service.js';
import type * as pulumi from '@pulumi/pulumi';
import type { ServiceBlueprint } from '../../blueprint.ts';
import { Component, type Transform } from '../../component.ts';
import type { RunningService } from '../../platform.ts';
import { Autoscaling } from './autoscaling.ts';
import type { Task } from './task.ts';

export interface FargateServiceArgs {
  blueprint: ServiceBlueprint;
  clusterName: pulumi.Input<string>;
  task: Task;
  subnetIds: pulumi.Input<string>[];
  securityGroupIds: pulumi.Input<string>[];
  assignPublicIp: boolean;
  /** Where requests come from; none for a service that nobody calls. */
  targetGroup?: { arn: pulumi.Input<string>; arnSuffix: pulumi.Input<string> } | undefined;
  /** Share of the tasks above the blueprint's replicas that run on spare capacity, percent. */
  spotPercent: number;
  /** Lets load decide how many tasks run, from the blueprint's replicas up. */
  scaling?: ScalingArgs | undefined;
  exec: boolean;
  /** Changes the service, applied last. */
  transform?: { service?: Transform<EcsServiceArgs> };
}

export interface ScalingArgs {
  /** Most tasks. */
  max: number;
  /** Mean CPU of the tasks, percent. */
  cpuTargetPercent: number;
  loadBalancerArnSuffix: pulumi.Input<string>;
  /** CloudWatch namespace of what services report of themselves. */
  namespace: string;
}

/** How long the load balancer's verdict on a task that starts is not asked, seconds. */
const graceSeconds = 60;

/**
 * A service on ECS Fargate. Its deployments are judged by the rollout, and rolled back by the
 * circuit breaker.
 */
export class FargateService extends Component implements RunningService {
  readonly blueprint: ServiceBlueprint;
  readonly serviceName: pulumi.Output<string>;
  /** The tasks that the service runs. */
  readonly task: Task;

  constructor(name: string, args: FargateServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:Service', name, opts);
    this.blueprint = args.blueprint;
    this.task = args.task;
    const service = this.child(EcsService, '', serviceArgs(args), {
      ...(args.scaling && { ignoreChanges: ['desiredCount'] }),
      transform: args.transform?.service,
    });
    this.serviceName = service.name;
    if (args.scaling) this.#scale(args, args.scaling);
    this.registerOutputs({});
  }

  #scale({ blueprint, clusterName, targetGroup }: FargateServiceArgs, scaling: ScalingArgs): void {
    const { loadBalancerArnSuffix, max, cpuTargetPercent, namespace } = scaling;
    this.child(Autoscaling, 'scaling', {
      clusterName,
      serviceName: this.serviceName,
      min: blueprint.replicas,
      max,
      cpuTargetPercent,
      ...(targetGroup && {
        requests: {
          perTarget: blueprint.cpus * requestsPerCpu,
          loadBalancerArnSuffix,
          targetGroupArnSuffix: targetGroup.arnSuffix,
        },
      }),
      ...(blueprint.backlog && { backlog: { ...blueprint.backlog, namespace } }),
    });
  }
}

function serviceArgs(args: FargateServiceArgs): EcsServiceArgs {
  const { blueprint, task, targetGroup } = args;
  return {
    cluster: args.clusterName,
    taskDefinition: task.arn,
    desiredCount: blueprint.replicas,
    capacityProviderStrategies: capacity(blueprint.replicas, args.spotPercent),
    networkConfiguration: {
      subnets: args.subnetIds,
      securityGroups: args.securityGroupIds,
      assignPublicIp: args.assignPublicIp,
    },
    ...(targetGroup && {
      loadBalancers: [
        {
          targetGroupArn: targetGroup.arn,
          containerName: task.containerName,
          containerPort: blueprint.port,
        },
      ],
      healthCheckGracePeriodSeconds: graceSeconds,
    }),
    // New tasks come up beside the old ones: a release takes nothing away before it is healthy.
    deploymentMinimumHealthyPercent: 100,
    deploymentMaximumPercent: 200,
    deploymentCircuitBreaker: { enable: true, rollback: true },
    // Pulumi would call a rolled-back deployment a success; the rollout looks for itself.
    waitForSteadyState: false,
    availabilityZoneRebalancing: 'ENABLED',
    enableExecuteCommand: args.exec,
    enableEcsManagedTags: true,
    propagateTags: 'SERVICE',
  };
}

/**
 * Requests a minute that one vCPU is given before another task starts: a sixth of what the api was
 * measured to do.
 */
const requestsPerCpu = 3000;

/** The fewest tasks always run on capacity of their own; what comes above them is shared out. */
function capacity(
  base: number,
  spotPercent: number,
): { capacityProvider: string; base?: number; weight: number }[] {
  const own = { capacityProvider: 'FARGATE', base, weight: 100 - spotPercent };
  return spotPercent === 0
    ? [{ ...own, weight: 1 }]
    : [own, { capacityProvider: 'FARGATE_SPOT', weight: spotPercent }];
}
