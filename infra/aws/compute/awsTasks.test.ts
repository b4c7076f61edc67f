import { beforeAll, describe, expect, it } from 'vitest';
import { repoDigest, type Registered } from '../../test-support/registered.ts';
import { imageId, renderStack } from '../test-support/renderStack.ts';

interface Container {
  [key: string]: unknown;
  environment: { name: string; value: string }[];
  secrets: { name: string; valueFrom: string }[];
}

let standard: Registered;
let lean: Registered;

beforeAll(async () => {
  standard = await renderStack();
  lean = await renderStack(
    {
      cost: 'lean',
      enableExec: 'true',
      spotPercent: '40',
      architecture: 'arm64',
      protect: 'false',
    },
    ({ services }) =>
      services.forEach((service) => (service.backlog = { metric: 'Waiting', perInstance: 20 })),
  );
}, 120_000);

const definition = (stack: Registered, name: string) =>
  stack.inputs('aws:ecs/taskDefinition:TaskDefinition', `${name}-definition`);
const container = (stack: Registered, name: string): Container => {
  const [found] = JSON.parse(
    definition(stack, name)['containerDefinitions'] as string,
  ) as Container[];
  if (!found) throw new Error(`no container in ${name}`);
  return found;
};
const service = (stack: Registered) => stack.inputs('aws:ecs/service:Service', 'api');

describe.each([
  ['api', 'database-url'],
  ['migrations', 'database-owner-url'],
])('the task %s', (name, database) => {
  it('runs the image by its digest, as a plain user, under a read-only root, without capabilities', () => {
    expect(container(standard, name)).toMatchObject({
      image: `registry/app@${repoDigest}`,
      user: '1000:1000',
      readonlyRootFilesystem: true,
      linuxParameters: { initProcessEnabled: true, capabilities: { drop: ['ALL'] } },
    });
  });

  it('has nothing secret in its plain environment, and each secret by its version', () => {
    const { environment, secrets } = container(standard, name);
    expect(JSON.stringify(environment)).not.toMatch(/generated-secret|postgres:|redis/);
    expect(secrets).toContainEqual({
      name: 'DATABASE_URL',
      valueFrom: `arn:aws:test:::secrets-${database}:::secrets-${database}-value-version`,
    });
  });

  it('logs to a group of its own, encrypted and with an end', () => {
    expect(container(standard, name)).toMatchObject({
      logConfiguration: {
        logDriver: 'awslogs',
        options: { mode: 'non-blocking', 'awslogs-stream-prefix': name },
      },
    });
    expect(standard.inputs('aws:cloudwatch/logGroup:LogGroup', `${name}-log`)).toMatchObject({
      name: `/slipway/prod/${name}`,
      retentionInDays: 30,
      kmsKeyId: 'arn:aws:test:::app-key-key',
    });
  });

  it('keeps its revision when it is replaced, so that a rollback has a target', () => {
    expect(definition(standard, name)).toMatchObject({
      skipDestroy: true,
      requiresCompatibilities: ['FARGATE'],
    });
  });

  it('is started by a role that reads its own secrets, image and log, and nothing else', () => {
    const { Statement } = standard.policy('aws:iam/rolePolicy:RolePolicy', `${name}-execution`);
    const secrets = container(standard, name).secrets.map(({ valueFrom }) =>
      valueFrom.split(':::').slice(0, 2).join(':::'),
    );
    const allowed: Record<string, unknown> = Object.fromEntries(
      Statement.map(({ Sid, Resource }) => [Sid as string, Resource] as const),
    );
    expect(allowed).toEqual({
      Registry: '*',
      Image: 'arn:aws:test:::registry',
      Log: `arn:aws:test:::${name}-log:*`,
      Secrets: expect.arrayContaining(secrets) as unknown,
      SecretsKey: 'arn:aws:test:::app-key-key',
    });
    expect(allowed['Secrets']).toHaveLength(secrets.length);
    expect(Statement.find(({ Sid }) => Sid === 'Registry')?.['Action']).toBe(
      'ecr:GetAuthorizationToken',
    );
    expect(Statement.find(({ Sid }) => Sid === 'SecretsKey')?.['Condition']).toEqual({
      StringEquals: { 'kms:ViaService': 'secretsmanager.eu-central-1.amazonaws.com' },
    });
  });

  it('has roles that tasks of this account alone can take on', () => {
    for (const role of ['execution', 'task']) {
      const { Statement } = standard.policy(
        'aws:iam/role:Role',
        `${name}-${role}`,
        'assumeRolePolicy',
      );
      expect(Statement).toMatchObject([
        {
          Principal: { Service: 'ecs-tasks.amazonaws.com' },
          Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' } },
        },
      ]);
      expect(standard.inputs('aws:iam/role:Role', `${name}-${role}`)['path']).toBe(
        '/slipway/prod/',
      );
    }
  });

  it('runs code that may do nothing with AWS', () => {
    expect(() => standard.inputs('aws:iam/rolePolicy:RolePolicy', `${name}-task`)).toThrow(
      /no aws:iam/,
    );
  });
});

describe('the api’s task', () => {
  it('answers its own health check, and gets longer to stop than it takes to drain', () => {
    const { healthCheck, stopTimeout } = container(standard, 'api') as unknown as {
      healthCheck: { command: string[] };
      stopTimeout: number;
    };
    expect(healthCheck.command.slice(0, 3)).toEqual(['CMD', 'bash', '-c']);
    expect(healthCheck.command[3]).toContain('GET /health/ready');
    expect(stopTimeout).toBe(15);
  });

  it('has the size of the profile, and the processor of the configuration', () => {
    expect(definition(standard, 'api')).toMatchObject({
      cpu: '512',
      memory: '1024',
      runtimePlatform: { cpuArchitecture: 'X86_64' },
    });
    expect(definition(lean, 'api')).toMatchObject({
      cpu: '256',
      memory: '512',
      runtimePlatform: { cpuArchitecture: 'ARM64' },
    });
  });

  it('lets a shell in only where that is allowed, with room for its agent under the read-only root', () => {
    expect(service(standard)['enableExecuteCommand']).toBe(false);
    expect(container(standard, 'api')['mountPoints']).toBeUndefined();
    expect(service(lean)['enableExecuteCommand']).toBe(true);
    expect(container(lean, 'api')).toMatchObject({
      readonlyRootFilesystem: true,
      mountPoints: [{ containerPath: '/var/lib/amazon' }, { containerPath: '/var/log/amazon' }],
    });
    const { Statement } = lean.policy('aws:iam/rolePolicy:RolePolicy', 'api-task');
    expect(Statement).toMatchObject([{ Sid: 'Sessions' }]);
    expect(lean.inputs('aws:ecs/cluster:Cluster', 'cluster')['configuration']).toMatchObject({
      executeCommandConfiguration: { logging: 'OVERRIDE' },
    });
  });
});

describe('the api’s service', () => {
  it('adds new tasks before it takes old ones away, and goes back by itself', () => {
    expect(service(standard)).toMatchObject({
      deploymentMinimumHealthyPercent: 100,
      deploymentMaximumPercent: 200,
      deploymentCircuitBreaker: { enable: true, rollback: true },
    });
  });

  it('is left to the rollout to judge', () => {
    expect(service(standard)['waitForSteadyState']).toBe(false);
    expect(standard.inputs('slipway:index:Rollout', 'rollout')).toMatchObject({
      release: imageId,
      runner: {
        kind: 'ecs',
        region: 'eu-central-1',
        url: 'https://chat.example.com',
        repoDigest: repoDigest,
      },
      targets: [
        {
          service: 'api',
          name: 'api-physical',
          taskDefinition: 'arn:aws:test:::api-definition',
          container: 'api',
          replicas: 2,
          targetGroup: 'arn:aws:test:::gateway-api',
          http: { livenessPath: '/health', readinessPath: '/health/ready' },
        },
      ],
    });
  });

  it('has a public address only where there is no NAT', () => {
    expect(service(standard)['networkConfiguration']).toMatchObject({
      assignPublicIp: false,
      securityGroups: ['firewall-api-id'],
      subnets: ['network-task-1-id', 'network-task-2-id'],
    });
    expect(service(lean)['networkConfiguration']).toMatchObject({ assignPublicIp: true });
  });

  it('runs its fewest tasks on capacity of their own, and shares out what comes above', () => {
    expect(service(standard)['capacityProviderStrategies']).toEqual([
      { capacityProvider: 'FARGATE', base: 2, weight: 1 },
    ]);
    expect(service(lean)['capacityProviderStrategies']).toEqual([
      { capacityProvider: 'FARGATE', base: 1, weight: 60 },
      { capacityProvider: 'FARGATE_SPOT', weight: 40 },
    ]);
  });

  it('grows with CPU, with requests, and with its queue where it has one', () => {
    const policies = (stack: Registered) =>
      stack.ofType('aws:appautoscaling/policy:Policy').map(({ name }) => name);
    expect(policies(standard).sort()).toEqual(['api-scaling-cpu', 'api-scaling-requests']);
    expect(policies(lean).sort()).toEqual([
      'api-scaling-backlog',
      'api-scaling-cpu',
      'api-scaling-requests',
    ]);
    expect(standard.inputs('aws:appautoscaling/target:Target', 'api-scaling')).toMatchObject({
      minCapacity: 2,
      maxCapacity: 6,
    });
    expect(
      standard.inputs('aws:appautoscaling/policy:Policy', 'api-scaling-requests'),
    ).toMatchObject({
      targetTrackingScalingPolicyConfiguration: {
        predefinedMetricSpecification: { resourceLabel: 'gateway-suffix/gateway-api-suffix' },
      },
    });
  });
});

describe('the migrations', () => {
  it('run as the new image’s task, where the services run, with the database’s identity', () => {
    expect(standard.inputs('slipway:index:MigrationRun', 'migrations')).toMatchObject({
      image: imageId,
      command: ['migrate', 'up'],
      seedCommand: [],
      database: {
        id: 'db-database-instance',
        endpoint: 'database-instance.rds.amazonaws.com:5432',
        generation: '17',
      },
      runner: {
        kind: 'ecs',
        cluster: 'arn:aws:test:::cluster',
        taskDefinition: 'arn:aws:test:::migrations-definition',
        container: 'migrations',
        subnets: ['network-task-1-id', 'network-task-2-id'],
        securityGroups: ['firewall-task-id'],
        tags: { 'dev.slipway.stack': 'prod', 'dev.slipway.role': 'migration' },
      },
    });
  });

  it('have the database’s secrets alone: the owner’s, and that of the role they make', () => {
    const secretOf = (name: string) =>
      `arn:aws:test:::secrets-${name}:::secrets-${name}-value-version`;
    expect(container(standard, 'migrations').secrets).toEqual([
      { name: 'APP_DATABASE_URL', valueFrom: secretOf('database-url') },
      { name: 'DATABASE_URL', valueFrom: secretOf('database-owner-url') },
    ]);
  });
});

describe('the registry', () => {
  const repository = (stack: Registered) =>
    stack.inputs('aws:ecr/repository:Repository', 'registry');

  it('never lets a tag be moved, and looks through what is pushed', () => {
    expect(repository(standard)).toMatchObject({
      imageTagMutability: 'IMMUTABLE',
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfigurations: [{ encryptionType: 'KMS', kmsKey: 'arn:aws:test:::app-key-key' }],
      forceDelete: false,
    });
    expect(repository(lean)).toMatchObject({
      encryptionConfigurations: [{ encryptionType: 'AES256' }],
      forceDelete: true,
    });
  });

  it('never loses an image that a receipt names: its rule comes before every other', () => {
    const { policy } = standard.inputs(
      'aws:ecr/lifecyclePolicy:LifecyclePolicy',
      'registry-lifecycle',
    );
    const { rules } = JSON.parse(String(policy)) as {
      rules: { rulePriority: number; selection: Record<string, unknown> }[];
    };
    const [first] = rules.toSorted((a, b) => a.rulePriority - b.rulePriority);
    expect(first?.selection).toEqual({
      tagStatus: 'tagged',
      tagPrefixList: ['released-'],
      countType: 'imageCountMoreThan',
      // As many as 50 receipts can name, with a proof of each, are far below.
      countNumber: 1000,
    });
  });

  it('gets the image of the configuration, at ECR’s own address', () => {
    expect(standard.inputs('slipway:index:ImagePush', 'registry-push')).toEqual({
      image: imageId,
      dockerHost: 'unix:///var/run/docker.sock',
      registry: {
        repository: 'slipway-prod/app',
        host: '123456789012.dkr.ecr.eu-central-1.amazonaws.com',
        region: 'eu-central-1',
      },
    });
  });
});
