import * as pulumi from '@pulumi/pulumi';
import type { Cluster } from '../compute/cluster.ts';
import type { FargateService } from '../compute/fargateService.ts';
import type { LoadBalancer } from '../edge/loadBalancer.ts';
import type { Network } from '../network/network.ts';
import type { AwsPlace } from '../naming.ts';
import type { Postgres } from '../data/postgres.ts';
import type { Profile } from '../../config/profile.ts';
import type { Task } from '../compute/task.ts';
import type { Valkey } from '../data/valkey.ts';
import type { AlarmSubjects } from './alarms/alarmRow.ts';
import type { EventSubjects } from './events.ts';

/** The parts of a stack that are watched. */
export interface StackParts {
  network: Network;
  loadBalancer: LoadBalancer;
  cluster: Cluster;
  services: FargateService[];
  migrations: Task;
  postgres: Postgres;
  valkey: Valkey;
  profile: Profile;
}

/** By which names CloudWatch knows them. */
export function alarmSubjects(parts: StackParts): AlarmSubjects {
  const { network, loadBalancer, cluster, services, postgres, valkey, profile } = parts;
  return {
    loadBalancer,
    services: services.map(({ blueprint: { name }, serviceName }) => {
      const targetGroup = loadBalancer.targetGroups[name];
      const routed = targetGroup ? { targetGroupArnSuffix: targetGroup.arnSuffix } : {};
      return { name, clusterName: cluster.clusterName, serviceName, ...routed };
    }),
    database: { identifier: postgres.identifier, ...profile.database },
    cache: { replicationGroupId: valkey.replicationGroupId, nodes: profile.cache.nodes },
    natGateways: network.natGatewayIds.map((id, index) => ({
      zone: network.zones[index] ?? '',
      id,
    })),
  };
}

/** By which names EventBridge knows them. */
export function eventSubjects(
  { cluster, migrations, postgres }: StackParts,
  place: AwsPlace,
): EventSubjects {
  const { partition, region, accountId } = place;
  return {
    clusterArn: cluster.arn,
    serviceArnPrefix: pulumi.interpolate`arn:${partition}:ecs:${region}:${accountId}:service/${cluster.clusterName}/`,
    migrationFamily: migrations.family,
    databaseIdentifier: postgres.identifier,
  };
}
