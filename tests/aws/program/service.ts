import * as aws from '@pulumi/aws';
import type { Data } from './data.ts';
import type { Edge } from './edge.ts';
import type { Network } from './network.ts';
import { provider } from './provider.ts';

const opts = { provider };
// For the test of what is refused.
const unknown = process.env['PROOF_UNKNOWN'] ? { region: 'eu-west-1' } : {};
const image = process.env['PROOF_IMAGE'] ?? 'valkey/valkey:8';

export function service(
  { privateSubnets, appGroup, vpc }: Network,
  { secret, queue, key }: Data,
  { targetGroup, rule }: Edge,
) {
  const repository = new aws.ecr.Repository(
    'app',
    {
      forceDelete: true,
      imageTagMutability: 'IMMUTABLE',
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfigurations: [{ encryptionType: 'KMS', kmsKey: key.arn }],
    },
    opts,
  );
  new aws.ecr.LifecyclePolicy(
    'app',
    {
      repository: repository.name,
      policy: {
        rules: [
          {
            rulePriority: 1,
            selection: { tagStatus: 'untagged', countType: 'imageCountMoreThan', countNumber: 10 },
            action: { type: 'expire' },
          },
        ],
      },
    },
    opts,
  );
  const logGroup = new aws.cloudwatch.LogGroup('app', { retentionInDays: 30, ...unknown }, opts);
  const assume = aws.iam.getPolicyDocumentOutput(
    {
      statements: [
        {
          actions: ['sts:AssumeRole'],
          principals: [{ type: 'Service', identifiers: ['ecs-tasks.amazonaws.com'] }],
        },
      ],
    },
    opts,
  );
  const executionRole = new aws.iam.Role('execution', { assumeRolePolicy: assume.json }, opts);
  new aws.iam.RolePolicyAttachment(
    'execution',
    {
      role: executionRole.name,
      policyArn: 'arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy',
    },
    opts,
  );
  new aws.iam.RolePolicy(
    'secrets',
    {
      role: executionRole.id,
      policy: {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: secret.arn },
        ],
      },
    },
    opts,
  );
  const taskRole = new aws.iam.Role(
    'task',
    { namePrefix: 'proof-task-', assumeRolePolicy: assume.json },
    opts,
  );
  const deadLetters = new aws.iam.Policy(
    'dead-letters',
    {
      policy: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: queue.arn }],
      },
    },
    opts,
  );
  new aws.iam.RolePolicyAttachment(
    'task',
    { role: taskRole.name, policyArn: deadLetters.arn },
    opts,
  );
  new aws.iam.OpenIdConnectProvider(
    'ci',
    {
      url: 'https://token.actions.githubusercontent.com',
      clientIdLists: ['sts.amazonaws.com'],
      thumbprintLists: ['6938fd4d98bab03faadb97b34396831e3780aea1'],
    },
    opts,
  );
  new aws.ec2.FlowLog(
    'flows',
    {
      vpcId: vpc.id,
      trafficType: 'REJECT',
      logDestinationType: 'cloud-watch-logs',
      logDestination: logGroup.arn,
      iamRoleArn: taskRole.arn,
      maxAggregationInterval: 60,
    },
    opts,
  );
  const cluster = new aws.ecs.Cluster(
    'main',
    { settings: [{ name: 'containerInsights', value: 'enabled' }] },
    opts,
  );
  new aws.ecs.ClusterCapacityProviders(
    'main',
    {
      clusterName: cluster.name,
      capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
      defaultCapacityProviderStrategies: [{ capacityProvider: 'FARGATE', weight: 1, base: 1 }],
    },
    opts,
  );
  const taskDefinition = new aws.ecs.TaskDefinition(
    'app',
    {
      family: 'proof-app',
      cpu: '256',
      memory: '512',
      networkMode: 'awsvpc',
      requiresCompatibilities: ['FARGATE'],
      executionRoleArn: executionRole.arn,
      taskRoleArn: taskRole.arn,
      skipDestroy: true,
      runtimePlatform: { cpuArchitecture: 'X86_64', operatingSystemFamily: 'LINUX' },
      containerDefinitions: secret.arn.apply((arn) =>
        JSON.stringify([
          {
            name: 'app',
            image,
            essential: true,
            portMappings: [{ containerPort: 3000, protocol: 'tcp' }],
            secrets: [{ name: 'DATABASE_URL', valueFrom: arn }],
          },
        ]),
      ),
    },
    opts,
  );
  const appService = new aws.ecs.Service(
    'app',
    {
      cluster: cluster.arn,
      taskDefinition: taskDefinition.arn,
      desiredCount: 1,
      launchType: 'FARGATE',
      deploymentCircuitBreaker: { enable: true, rollback: true },
      deploymentMinimumHealthyPercent: 100,
      deploymentMaximumPercent: 200,
      availabilityZoneRebalancing: 'ENABLED',
      waitForSteadyState: false,
      forceDelete: true,
      networkConfiguration: {
        subnets: privateSubnets.map(({ id }) => id),
        securityGroups: [appGroup.id],
      },
      loadBalancers: [
        { targetGroupArn: targetGroup.arn, containerName: 'app', containerPort: 3000 },
      ],
    },
    { ...opts, dependsOn: [rule] },
  );
  return { cluster, service: appService, logGroup, repository };
}

export type Service = ReturnType<typeof service>;
