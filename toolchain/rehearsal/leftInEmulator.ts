import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { DescribeRepositoriesCommand, ECRClient } from '@aws-sdk/client-ecr';
import { ECSClient, ListClustersCommand } from '@aws-sdk/client-ecs';
import {
  DescribeLoadBalancersCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';
import { emulatorState } from './emulator/emulator.ts';
import { emulatorClient } from '../pulumi/emulatorGuard.ts';
import { docker } from '../lib/context.ts';

/**
 * The things, by kind, that the emulator's APIs list and a new account does not have; and the
 * containers that the emulator has started.
 */
export async function leftInEmulator(): Promise<Record<string, string[]>> {
  const [clusters, vpcs, databases, repositories, groups, balancers, { started }] =
    await Promise.all([
      new ECSClient(emulatorClient).send(new ListClustersCommand({})),
      new EC2Client(emulatorClient).send(new DescribeVpcsCommand({})),
      new RDSClient(emulatorClient).send(new DescribeDBInstancesCommand({})),
      new ECRClient(emulatorClient).send(new DescribeRepositoriesCommand({})),
      new CloudWatchLogsClient(emulatorClient).send(new DescribeLogGroupsCommand({})),
      new ElasticLoadBalancingV2Client(emulatorClient).send(new DescribeLoadBalancersCommand({})),
      emulatorState(docker()),
    ]);
  const names = (list: (string | undefined)[] = []): string[] =>
    list.filter((name) => name !== undefined);
  return {
    'ECS clusters': names(clusters.clusterArns),
    VPCs: names(vpcs.Vpcs?.filter(({ IsDefault }) => !IsDefault).map(({ VpcId }) => VpcId)),
    'load balancers': names(
      balancers.LoadBalancers?.map(({ LoadBalancerName }) => LoadBalancerName),
    ),
    'RDS instances': names(
      databases.DBInstances?.map(({ DBInstanceIdentifier }) => DBInstanceIdentifier),
    ),
    'ECR repositories': names(
      repositories.repositories?.map(({ repositoryName }) => repositoryName),
    ),
    'log groups': names(groups.logGroups?.map(({ logGroupName }) => logGroupName)),
    containers: started.map(({ Id, Names }) => (Names[0] ?? Id).replace(/^\//, '')),
  };
}
