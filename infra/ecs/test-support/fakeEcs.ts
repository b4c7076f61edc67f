import { CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  UpdateServiceCommand,
  type Deployment,
  type Service,
  type Task,
  type UpdateServiceCommandInput,
} from '@aws-sdk/client-ecs';
import {
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { mockClient } from 'aws-sdk-client-mock';
import type { AwsClients } from '../awsClients.ts';
import type { FakeClock } from './fakeClock.ts';

/**
 * How a deployment of a revision goes: steady after 20 s; given up after 30 s; never
 * anything; called complete at once, as for a service without a health check, while a task ends
 * every 4 s.
 */
type Fate = 'good' | 'crashes' | 'hangs' | 'flaps';

const steadyAfter = 20_000;
const givenUpAfter = 30_000;
const flapsEvery = 4000;

/** Answers of ECS for tests of rollouts: services whose deployments go on as the clock does. */
export class FakeEcs {
  /** By revision, such as `api:7`; good unless said otherwise. */
  readonly fates: Record<string, Fate> = {};
  /** Whether the circuit breaker goes back, as far as there is anything to go back to. */
  rollback = true;
  readonly services = new Map<string, Service>();
  readonly stopped: Task[] = [];
  readonly updates: string[] = [];
  logLines: string[] = ['booting', 'Error: no such column'];
  targetHealth: { State: 'healthy' | 'unhealthy' | 'draining'; Description?: string }[] = [];
  readonly clients: AwsClients;
  readonly ecs;
  readonly elbv2;
  readonly #clock: FakeClock;
  #ids = 0;

  constructor(clock: FakeClock) {
    this.#clock = clock;
    const region = 'eu-central-1';
    this.clients = {
      ecs: new ECSClient({ region }),
      logs: new CloudWatchLogsClient({ region }),
      elbv2: new ElasticLoadBalancingV2Client({ region }),
    };
    this.ecs = mockClient(this.clients.ecs);
    this.elbv2 = mockClient(this.clients.elbv2);
    this.elbv2.on(DescribeTargetHealthCommand).callsFake(() => ({
      TargetHealthDescriptions: this.targetHealth.map((TargetHealth, index) => ({
        Target: { Id: `10.0.0.${index}` },
        TargetHealth,
      })),
    }));
    mockClient(this.clients.logs)
      .on(GetLogEventsCommand)
      .callsFake(() => ({ events: this.logLines.map((message) => ({ message })) }));
    this.ecs.on(DescribeServicesCommand).callsFake(({ services = [] }: { services?: string[] }) => {
      this.services.forEach((service) => this.#advance(service));
      return {
        services: services.flatMap((name) => structuredClone(this.services.get(name)) ?? []),
      };
    });
    this.ecs.on(UpdateServiceCommand).callsFake((input: UpdateServiceCommandInput) => {
      this.updates.push(`${input.service} ${input.taskDefinition?.split('/').at(-1)}`);
      const same = this.services.get(input.service ?? '')?.taskDefinition === input.taskDefinition;
      if (!same || input.forceNewDeployment)
        this.deploy(input.service ?? '', input.taskDefinition ?? '');
      return { service: structuredClone(this.services.get(input.service ?? '')) };
    });
    this.ecs
      .on(ListTasksCommand)
      .callsFake(
        ({ desiredStatus, serviceName }: { desiredStatus: string; serviceName: string }) => ({
          taskArns:
            desiredStatus === 'STOPPED'
              ? this.#stoppedOf(serviceName).map(({ taskArn }) => taskArn)
              : [],
        }),
      );
    this.ecs.on(DescribeTasksCommand).callsFake(({ tasks = [] }: { tasks?: string[] }) => ({
      tasks: this.stopped.filter(({ taskArn = '' }) => tasks.includes(taskArn)),
    }));
    const logConfiguration = {
      logDriver: 'awslogs' as const,
      options: { 'awslogs-group': '/prod/api', 'awslogs-stream-prefix': 'app' },
    };
    this.ecs
      .on(DescribeTaskDefinitionCommand)
      .resolves({ taskDefinition: { containerDefinitions: [{ name: 'app', logConfiguration }] } });
  }

  /** A service that runs a revision, or has none yet. */
  serve(name: string, taskDefinition?: string, desiredCount = 2): void {
    const service: Service = {
      serviceName: name,
      status: 'ACTIVE',
      desiredCount,
      deployments: [],
      events: [],
    };
    this.services.set(name, service);
    if (!taskDefinition) return;
    this.deploy(name, taskDefinition);
    Object.assign(service.deployments![0]!, {
      rolloutState: 'COMPLETED',
      runningCount: desiredCount,
    });
    service.runningCount = desiredCount;
  }

  /** As Pulumi does, and forgets. */
  deploy(name: string, taskDefinition: string): void {
    const service = this.services.get(name)!;
    for (const deployment of service.deployments ?? []) deployment.status = 'ACTIVE';
    service.deployments = [
      this.#deployment(service, taskDefinition),
      ...(service.deployments ?? []),
    ];
    service.taskDefinition = taskDefinition;
  }

  #deployment(service: Service, taskDefinition: string): Deployment {
    return {
      id: `ecs-svc/${++this.#ids}`,
      status: 'PRIMARY',
      taskDefinition,
      rolloutState: 'IN_PROGRESS',
      desiredCount: service.desiredCount ?? 0,
      runningCount: 0,
      pendingCount: 0,
      failedTasks: 0,
      createdAt: new Date(this.#clock.now()),
    };
  }

  #advance(service: Service): void {
    const primary = service.deployments?.find(({ status }) => status === 'PRIMARY');
    if (!primary) return;
    const revision = primary.taskDefinition?.split('/').at(-1) ?? '';
    const age = this.#clock.now() - Number(primary.createdAt);
    const fate = this.fates[revision] ?? 'good';
    if (fate === 'flaps') {
      Object.assign(primary, { rolloutState: 'COMPLETED', runningCount: service.desiredCount });
      while (this.#stoppedOf(service.serviceName ?? '').length < Math.floor(age / flapsEvery))
        this.stop(service, primary);
    }
    if (primary.rolloutState !== 'IN_PROGRESS') return;
    if (fate === 'good' && age >= steadyAfter) {
      Object.assign(primary, { rolloutState: 'COMPLETED', runningCount: service.desiredCount });
      // Failed ones stay listed.
      service.deployments = service.deployments?.filter(
        (one) => one === primary || one.rolloutState === 'FAILED',
      );
    }
    if (fate === 'crashes' && age >= givenUpAfter) this.#giveUp(service, primary);
  }

  #giveUp(service: Service, primary: Deployment): void {
    const rolloutStateReason = 'ECS deployment circuit breaker: tasks failed to start.';
    Object.assign(primary, { rolloutState: 'FAILED', failedTasks: 3, rolloutStateReason });
    const message = `(service ${service.serviceName}) deployment failed: tasks failed to start.`;
    service.events?.unshift({ message, createdAt: new Date(this.#clock.now()) });
    for (let count = 0; count < 3; count++) this.stop(service, primary);
    const before = service.deployments?.find(({ rolloutState }) => rolloutState === 'COMPLETED');
    if (!this.rollback || !before) return;
    primary.status = 'ACTIVE';
    service.deployments = [this.#deployment(service, before.taskDefinition ?? ''), primary];
    service.taskDefinition = before.taskDefinition;
  }

  /** Ends one of its tasks; a crash unless said otherwise. */
  stop(service: Service, { taskDefinition = '' }: Deployment, over: Task = {}): void {
    const revision = taskDefinition.split('/').at(-1)?.replace(':', '-');
    this.stopped.push({
      taskArn: `arn:aws:ecs:eu-central-1:111122223333:task/prod/${revision}-${this.stopped.length}`,
      taskDefinitionArn: taskDefinition,
      group: `service:${service.serviceName}`,
      lastStatus: 'STOPPED',
      createdAt: new Date(this.#clock.now()),
      stoppedAt: new Date(this.#clock.now()),
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
      containers: [{ name: 'app', exitCode: 3 }],
      ...over,
    });
  }

  #stoppedOf(serviceName: string): Task[] {
    return this.stopped.filter(({ group }) => group === `service:${serviceName}`);
  }
}
