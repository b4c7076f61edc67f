import { CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  RunTaskCommand,
  StopTaskCommand,
  type DescribeTasksCommandInput,
  type RunTaskCommandInput,
  type RunTaskCommandOutput,
  type Tag,
  type Task,
} from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { TaskError } from './taskRunner.ts';
import { EcsTaskRunner, type EcsTaskRunnerArgs } from './ecsTaskRunner.ts';
import { FakeClock } from '../ecs/test-support/fakeClock.ts';

const region = 'eu-central-1';
const arn = (id: string) => `arn:aws:ecs:${region}:111122223333:task/prod/${id}`;
const taskDefinition = `arn:aws:ecs:${region}:111122223333:task-definition/prod-migrations:7`;
const args: EcsTaskRunnerArgs = {
  region,
  cluster: 'prod',
  taskDefinition,
  container: 'app',
  subnets: ['subnet-1', 'subnet-2'],
  securityGroups: ['sg-1'],
  assignPublicIp: false,
  tags: { 'dev.slipway.stack': 'prod', 'dev.slipway.root': '/home/ann/a (copy)' },
  identity: ['sha256:1', [{ name: '0001_users', checksum: 'a' }]],
};

const ended = (exitCode: number | undefined, over: Partial<Task> = {}): Partial<Task> => ({
  lastStatus: 'STOPPED',
  stopCode: 'EssentialContainerExited',
  stoppedReason: 'Essential container in task exited',
  startedAt: new Date(1000),
  memory: '512',
  containers: [
    { name: 'sidecar', exitCode: 0 },
    { name: 'app', lastStatus: 'STOPPED', ...(exitCode === undefined ? {} : { exitCode }) },
  ],
  ...over,
});
const awsError = (name: string, message = name, status = 400) =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } });

/**
 * A scripted ECS and CloudWatch: `life` says what a task is at a moment, `log` what CloudWatch has
 * by then.
 */
class World {
  readonly clock = new FakeClock();
  readonly ecsClient = new ECSClient({ region });
  readonly logsClient = new CloudWatchLogsClient({ region });
  readonly ecs = mockClient(this.ecsClient);
  readonly logs = mockClient(this.logsClient);
  readonly lines: string[] = [];
  readonly controller = new AbortController();
  /** Tasks by ARN; a started one is added. */
  readonly tasks = new Map<string, (now: number) => Partial<Task>>();
  life: (now: number) => Partial<Task> = (now) =>
    now < 20_000 ? { lastStatus: 'RUNNING' } : ended(0);
  log: (now: number) => string[] | Error = () => [];
  /** Lines of a page of the log. */
  pageSize = 1000;
  started = 0;
  stopAsked: number | undefined;
  tags = new Map<string, Tag[]>();

  constructor() {
    this.ecs.on(DescribeTaskDefinitionCommand).resolves({
      taskDefinition: {
        containerDefinitions: [
          { name: 'sidecar' },
          {
            name: 'app',
            logConfiguration: {
              logDriver: 'awslogs',
              options: { 'awslogs-group': '/prod/migrations', 'awslogs-stream-prefix': 'task' },
            },
          },
        ],
      },
    });
    this.ecs.on(ListTasksCommand).callsFake(({ desiredStatus }: { desiredStatus: string }) => ({
      taskArns: [...this.tasks.keys()].filter(
        (key) => (this.task(key).desiredStatus ?? 'RUNNING') === desiredStatus,
      ),
    }));
    this.ecs
      .on(RunTaskCommand)
      .callsFake((input: RunTaskCommandInput): Partial<RunTaskCommandOutput> => {
        const id = arn(`new${++this.started}`);
        this.tags.set(id, input.tags ?? []);
        this.tasks.set(id, (now) => this.life(now));
        return { tasks: [{ taskArn: id, lastStatus: 'PROVISIONING' }] };
      });
    this.ecs.on(DescribeTasksCommand).callsFake(({ tasks = [] }: DescribeTasksCommandInput) => ({
      tasks: tasks.filter((key) => this.tasks.has(key)).map((key) => this.task(key)),
    }));
    this.ecs.on(StopTaskCommand).callsFake(() => {
      this.stopAsked ??= this.clock.now();
      return {};
    });
    this.logs
      .on(GetLogEventsCommand)
      .callsFake(
        ({
          nextToken = '0',
          logStreamName = '',
        }: {
          nextToken?: string;
          logStreamName?: string;
        }) => {
          const all = this.log(this.clock.now());
          if (all instanceof Error) throw all;
          const from = Number(nextToken);
          const page = all.slice(from, from + this.pageSize);
          return {
            events: page.map((message) => ({ message: message.replace('%stream', logStreamName) })),
            nextForwardToken: String(from + page.length),
          };
        },
      );
  }

  task(key: string): Task {
    return { taskArn: key, tags: this.tags.get(key), ...this.tasks.get(key)?.(this.clock.now()) };
  }

  runner(over: Partial<EcsTaskRunnerArgs> = {}): EcsTaskRunner {
    const elbv2 = new ElasticLoadBalancingV2Client({ region });
    return new EcsTaskRunner(
      { ...args, ...over },
      { ecs: this.ecsClient, logs: this.logsClient, elbv2 },
      this.clock,
    );
  }

  run(over: Partial<EcsTaskRunnerArgs> = {}, timeoutMs = 600_000, command = ['migrate', 'up']) {
    const onLine = (line: string) => this.lines.push(line);
    return this.runner(over).run({ command, timeoutMs, signal: this.controller.signal, onLine });
  }

  /** The error of a run that must fail. */
  async failure(over: Partial<EcsTaskRunnerArgs> = {}, timeoutMs?: number): Promise<TaskError> {
    const error: unknown = await this.run(over, timeoutMs).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(TaskError);
    return error as TaskError;
  }

  runTaskInputs(): RunTaskCommandInput[] {
    return this.ecs.commandCalls(RunTaskCommand).map((call) => call.args[0].input);
  }
}

describe('a one-off task on ECS', () => {
  it('runs the given revision with the service’s network and replaces nothing but the command', async () => {
    const world = new World();
    expect(await world.run()).toMatchObject({ exitCode: 0, adopted: false });
    const [input] = world.runTaskInputs();
    expect(input).toMatchObject({
      cluster: 'prod',
      taskDefinition,
      count: 1,
      launchType: 'FARGATE',
      networkConfiguration: {
        awsvpcConfiguration: {
          subnets: ['subnet-1', 'subnet-2'],
          securityGroups: ['sg-1'],
          assignPublicIp: 'DISABLED',
        },
      },
    });
    expect(input?.overrides).toEqual({
      containerOverrides: [{ name: 'app', command: ['migrate', 'up'] }],
    });
    expect(input?.startedBy).toMatch(/^[a-zA-Z0-9/_-]{1,36}$/);
    expect(input?.tags).toContainEqual({ key: 'dev.slipway.root', value: '/home/ann/a _copy_' });
  });

  it('asks for a capacity provider instead of a launch type where one is given', async () => {
    const world = new World();
    await world.run({ capacityProvider: 'FARGATE', assignPublicIp: true });
    const [input] = world.runTaskInputs();
    expect(input?.capacityProviderStrategy).toEqual([{ capacityProvider: 'FARGATE', weight: 1 }]);
    expect(input).not.toHaveProperty('launchType');
    expect(input?.networkConfiguration?.awsvpcConfiguration?.assignPublicIp).toBe('ENABLED');
  });

  it('takes a task that is over before it was ever seen running', async () => {
    const world = new World();
    world.life = () => ended(0);
    expect(await world.run()).toMatchObject({ exitCode: 0 });
  });

  it('hands over the exit code of the named container with the last 50 lines', async () => {
    const world = new World();
    world.life = () => ended(6);
    world.log = () => Array.from({ length: 60 }, (_, index) => `line ${index + 1}`);
    const { exitCode, reason, tail } = await world.run();
    expect(exitCode).toBe(6);
    expect(reason).toBeUndefined();
    expect(tail).toHaveLength(50);
    expect(tail.at(-1)).toBe('line 60');
  });

  it('counts a task without an exit code as failed, with ECS’ reason', async () => {
    const world = new World();
    world.life = () =>
      ended(undefined, { stopCode: 'InfrastructureHealth', stoppedReason: 'Host maintenance.' });
    expect(await world.run()).toMatchObject({
      exitCode: undefined,
      reason: 'InfrastructureHealth: Host maintenance',
    });
  });

  it('counts a task that somebody stopped as failed, also when it exited with 0', async () => {
    const world = new World();
    world.life = () =>
      ended(0, { stopCode: 'UserInitiated', stoppedReason: 'Task stopped by user' });
    const { exitCode, reason } = await world.run();
    expect(exitCode).toBeUndefined();
    expect(reason).toContain('someone stopped the task');
  });

  it('says when the task ran out of memory', async () => {
    const world = new World();
    const reason = 'OutOfMemoryError: Container killed due to memory usage';
    world.life = () => ended(137, { containers: [{ name: 'app', exitCode: 137, reason }] });
    const result = await world.run();
    expect(result.exitCode).toBeUndefined();
    expect(result.reason).toMatch(/out of memory \(the task has 512 MiB\)/);
  });

  it('says what to do when the image cannot be pulled', async () => {
    const world = new World();
    const stoppedReason =
      'CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref x@sha256:1: not found';
    world.life = () => ({
      lastStatus: 'STOPPED',
      stopCode: 'TaskFailedToStart',
      stoppedReason,
      containers: [{ name: 'app' }],
    });
    const { exitCode, reason } = await world.run();
    expect(exitCode).toBeUndefined();
    expect(reason).toMatch(
      /^TaskFailedToStart: CannotPull.*the registry does not hold this image: promote it again/s,
    );
  });

  it('says what to do when a secret cannot be read', async () => {
    const world = new World();
    const stoppedReason =
      'ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException: not authorized to perform: secretsmanager:GetSecretValue';
    world.life = () => ({
      lastStatus: 'STOPPED',
      stopCode: 'TaskFailedToStart',
      stoppedReason,
      containers: [{ name: 'app' }],
    });
    expect((await world.run()).reason).toMatch(/the execution role may not read a secret/);
  });
});

describe('a task that ECS does not start', () => {
  it('fails with the reason when there is no capacity', async () => {
    const world = new World();
    const reason =
      'Capacity is unavailable at this time. Please try again later or in a different availability zone';
    world.ecs.on(RunTaskCommand).resolves({ tasks: [], failures: [{ reason }] });
    const { message } = await world.failure();
    expect(message).toMatch(
      /^it could not start: Capacity is unavailable .*; AWS has no room there now/,
    );
  });

  it('fails with the reason when the cluster has no room', async () => {
    const world = new World();
    world.ecs.on(RunTaskCommand).resolves({ tasks: [], failures: [{ reason: 'RESOURCE:MEMORY' }] });
    expect((await world.failure()).message).toMatch(
      /RESOURCE:MEMORY; the cluster has no room for the task/,
    );
  });

  it('names the permission that is missing', async () => {
    const world = new World();
    world.ecs
      .on(RunTaskCommand)
      .rejects(
        awsError(
          'AccessDeniedException',
          'User: x is not authorized to perform: iam:PassRole on resource: y',
        ),
      );
    expect((await world.failure()).message).toMatch(
      /iam:PassRole on resource: y; give the role that deploys this/,
    );
    expect(world.runTaskInputs()).toHaveLength(1);
  });

  it('says how the provider gets its credentials when it has none', async () => {
    const world = new World();
    world.ecs
      .on(DescribeTaskDefinitionCommand)
      .rejects(awsError('CredentialsProviderError', 'Could not load credentials'));
    expect((await world.failure()).message).toMatch(
      /no AWS credentials .* environment of pulumi: set AWS_PROFILE/,
    );
    expect(world.started).toBe(0);
  });

  it('refuses a task definition that lacks the container', async () => {
    const world = new World();
    const { message } = await world.failure({ container: 'api' });
    expect(message).toBe(
      'its task definition prod-migrations:7 has no container api (it has: sidecar, app)',
    );
    expect(world.started).toBe(0);
  });

  it('is asked for again with the same token while AWS throttles, and is one task', async () => {
    const world = new World();
    world.ecs
      .on(RunTaskCommand)
      .rejectsOnce(awsError('ThrottlingException'))
      .rejectsOnce(awsError('ServerException', 'oh', 500))
      .resolves({ tasks: [{ taskArn: arn('a'), lastStatus: 'PROVISIONING' }] });
    world.tasks.set(arn('a'), (now) => (now === 0 ? ended(0) : world.life(now)));
    expect(await world.run()).toMatchObject({ exitCode: 0 });
    const tokens = world.runTaskInputs().map(({ clientToken }) => clientToken);
    expect(tokens).toHaveLength(3);
    expect(new Set(tokens).size).toBe(1);
  });

  it('fails when AWS throttles for minutes', async () => {
    const world = new World();
    world.ecs.on(RunTaskCommand).rejects(awsError('ThrottlingException', 'Rate exceeded'));
    expect((await world.failure()).message).toMatch(/AWS throttled the requests for too long/);
    expect(world.clock.now()).toBeLessThanOrEqual(120_000);
  });

  it('gets a new token for each update, so that a migration that failed runs again', async () => {
    const world = new World();
    world.life = () => ended(1);
    await world.run();
    await world.run();
    const tokens = world.runTaskInputs().map(({ clientToken }) => clientToken);
    expect(new Set(tokens).size).toBe(2);
  });
});

describe('a task under way', () => {
  it('is watched on through throttling, faults of AWS and broken connections', async () => {
    const world = new World();
    const reset = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    let asked = 0;
    world.ecs.on(DescribeTasksCommand).callsFake(() => {
      asked++;
      if (asked === 1) throw awsError('ThrottlingException');
      if (asked === 2) throw awsError('InternalFailure', 'oh', 500);
      if (asked === 3) throw reset;
      return { tasks: [{ taskArn: arn('new1'), ...ended(0) }] };
    });
    expect(await world.run()).toMatchObject({ exitCode: 0 });
    expect(asked).toBe(4);
  });

  it('may be unlisted for a moment after its start', async () => {
    const world = new World();
    let asked = 0;
    world.ecs
      .on(DescribeTasksCommand)
      .callsFake(() =>
        ++asked < 4
          ? { tasks: [], failures: [{ reason: 'MISSING' }] }
          : { tasks: [{ taskArn: arn('new1'), ...ended(0) }] },
      );
    expect(await world.run()).toMatchObject({ exitCode: 0 });
  });

  it('that ECS forgets is a failure, not a success', async () => {
    const world = new World();
    world.ecs.on(DescribeTasksCommand).resolves({ tasks: [], failures: [{ reason: 'MISSING' }] });
    expect((await world.failure()).message).toMatch(
      /ECS does not know the task new1 any more \(MISSING\)/,
    );
  });

  it('goes on when the credentials expire, and the error says that the next update takes it up', async () => {
    const world = new World();
    world.ecs
      .on(DescribeTasksCommand)
      .rejects(awsError('ExpiredTokenException', 'The security token is expired.'));
    const { message } = await world.failure();
    expect(message).toMatch(
      /cannot be watched: the AWS credentials have expired .* The next update takes it up/s,
    );
    expect(world.stopAsked).toBeUndefined();
  });

  it('is stopped at its timeout, and the update waits until it has ended', async () => {
    const world = new World();
    world.life = (now) =>
      world.stopAsked !== undefined && now >= world.stopAsked + 10_000
        ? ended(143)
        : { lastStatus: 'RUNNING' };
    world.log = () =>
      world.stopAsked === undefined ? ['0007 runs'] : ['0007 runs', '0007 rolled back'];
    const error = await world.failure({}, 30_000);
    expect(error.message).toMatch(
      /^stopped after 30 s, its timeout; the database stands at the last whole file/,
    );
    expect(world.stopAsked).toBe(30_000);
    expect(world.clock.now()).toBeGreaterThanOrEqual(40_000);
    expect(error.tail).toEqual(['0007 runs', '0007 rolled back']);
  });

  it('that does not end when asked to is said to run on', async () => {
    const world = new World();
    world.life = () => ({ lastStatus: 'STOPPING' });
    expect((await world.failure({}, 30_000)).message).toMatch(
      /ECS has not ended the task new1 yet, the next update waits/,
    );
  });

  it('is stopped when the update is cancelled', async () => {
    const world = new World();
    world.life = (now) =>
      world.stopAsked !== undefined && now > world.stopAsked + 3000
        ? ended(143)
        : { lastStatus: 'RUNNING' };
    world.clock.at(7000, () => world.controller.abort());
    const { message } = await world.failure();
    expect(message).toBe('cancelled, nothing half-applied: every file is whole or not there');
    expect(world.stopAsked).toBe(7000);
  });

  it('is not started at all when the update was cancelled before', async () => {
    const world = new World();
    world.controller.abort();
    expect((await world.failure()).message).toBe('cancelled before it started');
    expect(world.started).toBe(0);
  });

  it('that cannot be stopped is said to go on', async () => {
    const world = new World();
    world.life = () => ({ lastStatus: 'RUNNING' });
    world.ecs
      .on(StopTaskCommand)
      .rejects(awsError('AccessDeniedException', 'not authorized to perform: ecs:StopTask'));
    expect((await world.failure({}, 30_000)).message).toMatch(
      /^stopped after 30 s, but the task new1 could not be stopped: .*ecs:StopTask.* It goes on/,
    );
  });
});

describe('a task that a killed update left running', () => {
  /** A world in which an earlier run has started `old`, which ends after a minute. */
  async function withLeftOver(over: Partial<Task> = {}) {
    const world = new World();
    world.life = () => ended(0);
    await world.run();
    const [first] = world.runTaskInputs();
    const now = world.clock.now();
    world.tasks.clear();
    world.tasks.set(arn('old'), (at) =>
      at < now + 60_000 ? { lastStatus: 'RUNNING', createdAt: new Date(now), ...over } : ended(0),
    );
    world.tags.set(arn('old'), first?.tags ?? []);
    world.started = 0;
    world.lines.length = 0;
    return world;
  }

  it('is taken up, with its log from the start, instead of a second one', async () => {
    const world = await withLeftOver();
    world.log = () => ['from %stream'];
    expect(await world.run()).toMatchObject({ exitCode: 0, adopted: true });
    expect(world.started).toBe(0);
    expect(world.lines).toContain('taking up the task that an earlier update left running');
    expect(world.lines).toContain('from task/app/old');
  });

  it('is the same one in whichever order the engine hands over its properties', async () => {
    const world = await withLeftOver();
    const identity = ['sha256:1', [{ checksum: 'a', name: '0001_users' }]];
    const tags = Object.fromEntries(Object.entries(args.tags).reverse());
    expect(await world.run({ identity, tags })).toMatchObject({ adopted: true });
  });

  it('is found by a mark that is the stack’s alone', async () => {
    const world = await withLeftOver();
    await world.run();
    await world.run({ tags: { 'dev.slipway.stack': 'staging' } });
    const marks = world.ecs
      .commandCalls(ListTasksCommand)
      .map((call) => call.args[0].input.startedBy);
    expect(new Set(marks).size).toBe(2);
  });

  it.each<[string, Partial<EcsTaskRunnerArgs>, string[]?]>([
    ['another image or file', { identity: ['sha256:2', []] }],
    ['another revision', { taskDefinition: taskDefinition.replace(':7', ':8') }],
    ['another command', {}, ['seed']],
  ])('with %s is waited for, then the own one starts', async (_what, over, command) => {
    const world = await withLeftOver();
    const begin = world.clock.now();
    let startedAt = 0;
    world.ecs.on(RunTaskCommand).callsFake(() => {
      startedAt = world.clock.now();
      world.tasks.set(arn('mine'), () => ended(0));
      return { tasks: [{ taskArn: arn('mine'), lastStatus: 'PROVISIONING' }] };
    });
    expect(await world.run(over, undefined, command)).toMatchObject({
      exitCode: 0,
      adopted: false,
    });
    expect(startedAt).toBeGreaterThanOrEqual(begin + 60_000);
    expect(world.lines[0]).toBe('another migration task is still running (old); waiting for it');
  });

  it('and is being stopped is waited for, not taken up', async () => {
    const world = await withLeftOver({ desiredStatus: 'STOPPED', lastStatus: 'STOPPING' });
    const begin = world.clock.now();
    expect(await world.run()).toMatchObject({ adopted: false });
    expect(world.started).toBe(1);
    expect(world.clock.now()).toBeGreaterThanOrEqual(begin + 60_000);
  });

  it('twice: the older is taken up once the other has ended, and none is started', async () => {
    const world = await withLeftOver();
    const begin = world.clock.now();
    world.tasks.set(arn('younger'), (now) =>
      now < begin + 90_000 ? { lastStatus: 'RUNNING', createdAt: new Date(begin + 5) } : ended(0),
    );
    world.tags.set(arn('younger'), world.tags.get(arn('old')) ?? []);
    world.log = () => ['from %stream'];
    expect(await world.run()).toMatchObject({ exitCode: 0, adopted: true });
    expect(world.lines[0]).toContain('still running (younger)');
    expect(world.lines).toContain('(earlier task) from task/app/younger');
    expect(world.lines).toContain('from task/app/old');
    expect(world.clock.now()).toBeGreaterThanOrEqual(begin + 90_000);
    expect(world.started).toBe(0);
  });
});

describe('the log of a task', () => {
  it('is shown while it grows and complete at the end, across pages', async () => {
    const world = new World();
    world.pageSize = 7;
    world.log = (now) =>
      Array.from(
        { length: Math.min(100, Math.floor(now / 200)) },
        (_, index) => `line ${index + 1}`,
      );
    let shownWhileRunning = 0;
    world.clock.at(15_000, () => (shownWhileRunning = world.lines.length));
    await world.run();
    expect(shownWhileRunning).toBeGreaterThan(10);
    expect(world.lines.filter((line) => line.startsWith('line'))).toEqual(
      Array.from({ length: 100 }, (_, index) => `line ${index + 1}`),
    );
  });

  it('may come late: the stream is not there at first, and the last lines arrive after the end', async () => {
    const world = new World();
    const end = 20_000;
    const notThere = awsError(
      'ResourceNotFoundException',
      'The specified log stream does not exist.',
    );
    world.log = (now) =>
      now < 15_000 ? notThere : now < end + 2000 ? ['first'] : ['first', 'last words'];
    const { tail } = await world.run();
    expect(tail).toEqual(['first', 'last words']);
  });

  it('that never arrives is named, and the exit code decides', async () => {
    const world = new World();
    world.log = () =>
      awsError('ResourceNotFoundException', 'The specified log group does not exist.');
    expect(await world.run()).toMatchObject({ exitCode: 0, tail: [] });
    expect(world.lines).toContain('(nothing of it arrived in the log group /prod/migrations)');
  });

  it('that may not be read is said once, and the exit code decides', async () => {
    const world = new World();
    world.log = () =>
      awsError('AccessDeniedException', 'not authorized to perform: logs:GetLogEvents');
    expect(await world.run()).toMatchObject({ exitCode: 0 });
    expect(world.lines.filter((line) => line.includes('logs:GetLogEvents'))).toHaveLength(1);
  });

  it('is bounded: a flood is cut, its end is kept', async () => {
    const world = new World();
    const flood = Array.from({ length: 30_000 }, (_, index) =>
      index === 3 ? 'x'.repeat(9000) : `line ${index + 1}`,
    );
    world.log = () => flood;
    const { tail } = await world.run();
    expect(tail.at(-1)).toBe('line 30000');
    expect(tail).toHaveLength(50);
    expect(world.lines.length).toBeLessThan(5010);
    expect(Math.max(...world.lines.map(({ length }) => length))).toBeLessThan(4010);
    expect(world.lines.at(-1)).toMatch(
      /30000 lines in all; the others stand in the log group \/prod\/migrations/,
    );
  });
});
