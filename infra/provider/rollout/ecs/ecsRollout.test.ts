import { DescribeServicesCommand, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { EcsRollout, type EcsRolloutOptions } from './ecsRollout.ts';
import { FakeClock } from '../../../ecs/test-support/fakeClock.ts';
import { FakeEcs } from '../../../ecs/test-support/fakeEcs.ts';
import type { HttpAnswer } from './httpAnswer.ts';
import type { EcsTarget } from './serviceDeployment.ts';
import { servingTargets } from './servingTargets.ts';

const taskDefinition = (revision: string) =>
  `arn:aws:ecs:eu-central-1:111122223333:task-definition/${revision}`;
const api = (revision: number): EcsTarget => ({
  service: 'api',
  name: 'prod-api',
  taskDefinition: taskDefinition(`api:${revision}`),
  container: 'app',
  replicas: 2,
  http: { livenessPath: '/health', readinessPath: '/health/ready' },
});
const worker = (revision: number): EcsTarget => ({
  service: 'worker',
  name: 'prod-worker',
  taskDefinition: taskDefinition(`worker:${revision}`),
  container: 'app',
  replicas: 1,
});
const connection = { region: 'eu-central-1', cluster: 'prod' };
const throttled = Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });

/** A cluster, and updates of it one after the other, as `pulumi up` makes them. */
class World {
  readonly clock = new FakeClock();
  readonly aws = new FakeEcs(this.clock);
  readonly lines: string[] = [];
  readonly controller = new AbortController();
  /** The state as the last update that succeeded left it. */
  state: EcsTarget[] = [];
  asked: string[] = [];
  /** Said by the load balancer; by default the api's revision that is PRIMARY and steady. */
  answer: (url: string) => HttpAnswer = () => ({ status: 200, release: this.servingRelease() });

  servingRelease(): string {
    const deployments = this.aws.services.get('prod-api')?.deployments ?? [];
    const steady = deployments.find(({ rolloutState }) => rolloutState === 'COMPLETED');
    return `release ${steady?.taskDefinition?.split(':').at(-1)}`;
  }

  /** Pulumi deploys what its state does not hold, then the rollout judges. */
  async up(
    targets: EcsTarget[],
    options: Partial<EcsRolloutOptions> & { deploy?: boolean; url?: string | undefined } = {},
  ): Promise<void> {
    const { deploy = true, ...over } = options;
    const url = 'url' in over ? over.url : 'https://chat.example.com/';
    for (const { name, taskDefinition } of deploy ? targets : [])
      this.aws.deploy(name, taskDefinition);
    const rollout = new EcsRollout(
      {
        runner: { kind: 'ecs', ...connection, url },
        routes: [],
        release: `release ${targets[0]?.taskDefinition.split(':').at(-1)}`,
        targets,
        previous: this.state,
        timeoutSeconds: 300,
        signal: this.controller.signal,
        onLine: (line) => {
          this.lines.push(line);
          return Promise.resolve();
        },
        ...over,
      },
      {
        clients: this.aws.clients,
        clock: this.clock,
        ask: (url) => {
          this.asked.push(url);
          return Promise.resolve(this.answer(url));
        },
      },
    );
    await rollout.run();
    this.state = targets;
  }

  async failure(...args: Parameters<World['up']>): Promise<Error & { aftermath?: string }> {
    const error: unknown = await this.up(...args).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(Error);
    return error as Error;
  }
}

/** A cluster that serves revision 6 of the api. */
function worldWithRelease(): World {
  const world = new World();
  world.aws.serve('prod-api', api(6).taskDefinition);
  world.state = [api(6)];
  return world;
}

describe('a rollout on ECS', () => {
  it('succeeds once the deployment asked for is steady and answers through the load balancer', async () => {
    const world = worldWithRelease();
    await world.up([api(7)]);
    expect(world.aws.updates).toEqual([]);
    expect(world.clock.now()).toBeGreaterThanOrEqual(20_000);
    expect(new Set(world.asked)).toEqual(
      new Set(['https://chat.example.com/health/ready', 'https://chat.example.com/health']),
    );
    expect(world.lines).toContain('api: 0 of 2 tasks run (api:7)');
    expect(world.lines.at(-1)).toBe('the new release serves');
  });

  it('succeeds for the first release of all', async () => {
    const world = new World();
    world.aws.serve('prod-api');
    await world.up([api(1)]);
    expect(world.aws.updates).toEqual([]);
  });

  it('waits for each service, and asks those alone that the load balancer reaches', async () => {
    const world = worldWithRelease();
    world.aws.serve('prod-worker', worker(6).taskDefinition, 1);
    await world.up([api(7), worker(7)]);
    expect(world.lines).toContain('worker: steady (worker:7)');
    expect(world.asked.every((url) => url.startsWith('https://chat.example.com/health'))).toBe(
      true,
    );
  });

  it('lasts through throttling', async () => {
    const world = worldWithRelease();
    world.aws.deploy('prod-api', api(7).taskDefinition);
    const service = () => ({ services: [world.aws.services.get('prod-api')!] });
    let asked = 0;
    world.aws.ecs.on(DescribeServicesCommand).callsFake(() => {
      if (++asked % 2 === 1) throw throttled;
      Object.assign(service().services[0]!.deployments![0]!, {
        rolloutState: 'COMPLETED',
        runningCount: 2,
      });
      return service();
    });
    await world.up([api(7)], { deploy: false });
    expect(asked).toBeGreaterThan(4);
  });

  it('has to stay steady for a while', async () => {
    const world = new World();
    world.aws.serve('prod-api');
    world.aws.deploy('prod-api', api(1).taskDefinition);
    let looks = 0;
    world.aws.ecs.on(DescribeServicesCommand).callsFake(() => {
      const service = structuredClone(world.aws.services.get('prod-api')!);
      // As an emulator does with a first deployment: COMPLETED from the start, whatever its tasks
      // do.
      Object.assign(service.deployments![0]!, {
        rolloutState: 'COMPLETED',
        runningCount: ++looks % 3 === 0 ? 0 : 2,
      });
      return { services: [service] };
    });
    expect((await world.failure([api(1)], { deploy: false })).message).toMatch(
      /not steady after 300 s/,
    );
  });
});

describe('a bad version on ECS', () => {
  it('that the circuit breaker rolled back fails with the reason, the tasks’ ends, events and last lines', async () => {
    const world = worldWithRelease();
    world.aws.fates['api:7'] = 'crashes';
    const { message } = await world.failure([api(7)]);
    expect(message.split('\n')).toEqual([
      'api: ECS deployment circuit breaker: tasks failed to start; ECS went back to api:6.',
      '3 tasks of api stopped: exit code 3.',
      'ECS says:',
      '  - (service prod-api) deployment failed: tasks failed to start.',
      expect.stringMatching(/^Last lines of a task of api \(\/prod\/api, app\/app\/api-7-\d+\):$/),
      '  | booting',
      '  | Error: no such column',
    ]);
    expect(world.aws.updates).toEqual([]);
  });

  it('fails again when it is tried again: its deployment is started once more', async () => {
    const world = worldWithRelease();
    world.aws.fates['api:7'] = 'crashes';
    const first = await world.failure([api(7)]);
    await world.clock.sleep(60_000);
    // Pulumi sees no change: its state holds api:7.
    const second = await world.failure([api(7)], { deploy: false });
    expect(world.aws.updates).toEqual(['prod-api api:7']);
    expect(world.lines).toContain('api: ECS serves api:6 in place of api:7; starting it once more');
    expect(second.message.split('\n')[0]).toBe(first.message.split('\n')[0]);
    expect(second.message).toContain('3 tasks of api stopped: exit code 3.');
  });

  it('gives way when ECS has no completed deployment to go back to by itself', async () => {
    const world = worldWithRelease();
    world.aws.fates['api:7'] = 'crashes';
    await world.failure([api(7)]);
    // At once: the way back to api:6 is not complete yet.
    const { message } = await world.failure([api(7)], { deploy: false });
    expect(message).toMatch(/^api: ECS deployment circuit breaker: tasks failed to start\.\n/);
    expect(message).toContain('ECS is told to go back: api to api:6.');
    await world.clock.sleep(60_000);
    expect(await servingTargets(connection, [api(6)], world.aws.clients)).toEqual([api(6)]);
  });

  it('gives way to a good version, though its failed deployment stays listed', async () => {
    const world = worldWithRelease();
    world.aws.fates['api:7'] = 'crashes';
    await world.failure([api(7)]);
    await world.up([api(8)]);
    const deployments = world.aws.services.get('prod-api')?.deployments ?? [];
    expect(deployments.map(({ status, rolloutState }) => `${status} ${rolloutState}`)).toEqual([
      'PRIMARY COMPLETED',
      'ACTIVE FAILED',
    ]);
  });

  it('that is mended outside the image succeeds when tried again', async () => {
    const world = worldWithRelease();
    world.aws.fates['api:7'] = 'crashes';
    await world.failure([api(7)]);
    delete world.aws.fates['api:7'];
    await world.up([api(7)], { deploy: false });
    expect(world.servingRelease()).toBe('release 7');
  });

  it('that is the first release fails with the reason, and there is nothing to go back to', async () => {
    const world = new World();
    world.aws.serve('prod-api');
    world.aws.fates['api:1'] = 'crashes';
    const error = await world.failure([api(1)]);
    expect(error.message).toMatch(
      /^api: ECS deployment circuit breaker: tasks failed to start\.\n3 tasks of api/,
    );
    expect(world.aws.updates).toEqual([]);
    await world.failure([api(1)], { deploy: false });
    expect(world.lines).toContain('api: ECS has given up on api:1; starting it once more');
    expect(world.aws.stopped).toHaveLength(6);
  });

  it('that never gets steady fails at the timeout and gives way to the release before', async () => {
    const world = worldWithRelease();
    world.aws.fates['api:7'] = 'hangs';
    const { message, aftermath } = await world.failure([api(7)]);
    expect(message).toMatch(
      /^not steady after 300 s \(rolloutTimeoutSeconds\): api: 0 of 2 tasks run\./,
    );
    expect(message).toContain('ECS is told to go back: api to api:6.');
    expect(aftermath).toBeUndefined();
    expect(world.aws.updates).toEqual(['prod-api api:6']);
  });

  it('takes the other services of the release back with it', async () => {
    const world = worldWithRelease();
    world.aws.serve('prod-worker', worker(6).taskDefinition, 1);
    world.state = [api(6), worker(6)];
    world.aws.fates['worker:7'] = 'crashes';
    const { message } = await world.failure([api(7), worker(7)]);
    expect(message).toMatch(/^worker: ECS deployment circuit breaker/);
    expect(message).toContain('ECS is told to go back: api to api:6.');
    await world.failure([api(7), worker(7)], { deploy: false });
    expect(world.aws.updates.slice(1, 3)).toEqual(['prod-api api:7', 'prod-worker worker:7']);
  });

  it('that cannot be taken back says so in place of a promise', async () => {
    const world = worldWithRelease();
    world.aws.fates['api:7'] = 'hangs';
    const inactive = Object.assign(new Error('TaskDefinition is inactive'), {
      name: 'ClientException',
    });
    world.aws.ecs.on(UpdateServiceCommand).rejects(inactive);
    const { message, aftermath } = await world.failure([api(7)]);
    expect(message).toMatch(/^not steady/);
    expect(aftermath).toMatch(
      /^Going back to the release before failed: .*TaskDefinition is inactive/,
    );
  });

  it('whose tasks crash again and again fails, though ECS calls its deployment complete', async () => {
    const world = worldWithRelease();
    world.aws.serve('prod-worker', worker(6).taskDefinition, 1);
    world.state = [api(6), worker(6)];
    world.aws.fates['worker:7'] = 'flaps';
    const { message } = await world.failure([api(7), worker(7)]);
    expect(message).toMatch(
      /^worker: its tasks crash again and again\.\n[567] tasks of worker stopped: exit code 3\./,
    );
    expect(message).toContain('ECS is told to go back: api to api:6, worker to worker:6.');
  });

  it('whose tasks crash fails, though it looks steady in between and answers', async () => {
    const world = worldWithRelease();
    world.aws.fates['api:7'] = 'flaps';
    const { message } = await world.failure([api(7)]);
    expect(message).toMatch(/^api: its tasks crash again and again\./);
  });

  it('is not seen in tasks that somebody took down, or that crashed before', async () => {
    const world = worldWithRelease();
    const service = world.aws.services.get('prod-api')!;
    const deployment = { taskDefinition: api(7).taskDefinition };
    for (let count = 0; count < 6; count++)
      world.aws.stop(service, deployment, { createdAt: new Date(-1000) });
    world.clock.at(5000, () => {
      for (let count = 0; count < 6; count++) {
        world.aws.stop(service, deployment, {
          stopCode: 'UserInitiated',
          stoppedReason: 'Task stopped by user',
        });
        const stoppedReason = 'Scaling activity initiated by (deployment ecs-svc/1)';
        world.aws.stop(service, deployment, {
          stopCode: 'ServiceSchedulerInitiated',
          stoppedReason,
        });
      }
    });
    await world.up([api(7)]);
    expect(world.servingRelease()).toBe('release 7');
  });

  it('of which fewer tasks run than were asked for is not steady', async () => {
    const world = worldWithRelease();
    const service = world.aws.services.get('prod-api')!;
    world.aws.deploy('prod-api', api(7).taskDefinition);
    Object.assign(service.deployments![0]!, {
      rolloutState: 'COMPLETED',
      runningCount: 1,
      failedTasks: 4,
    });
    const { message } = await world.failure([api(7)], { deploy: false });
    expect(message).toMatch(/api: 1 of 2 tasks run, 4 failed\./);
  });

  it('is told from a service that somebody scaled down', async () => {
    const world = worldWithRelease();
    world.aws.services.get('prod-api')!.desiredCount = 0;
    expect((await world.failure([api(7)])).message).toMatch(
      /asks for 0 tasks, 2 are wanted: somebody scaled it/,
    );
  });

  it('is told from another deployment that took its place', async () => {
    const world = worldWithRelease();
    world.clock.at(5000, () => world.aws.deploy('prod-api', api(9).taskDefinition));
    const { message } = await world.failure([api(7)]);
    expect(message).toMatch(
      /^api: ECS deploys api:9 in place of api:7: ECS rolled it back, or somebody deployed/,
    );
    expect(world.aws.updates).toEqual([]);
  });

  it('is not seen in another deployment of the same revision', async () => {
    const world = worldWithRelease();
    world.clock.at(5000, () => world.aws.deploy('prod-api', api(7).taskDefinition));
    await world.up([api(7)]);
    expect(world.clock.now()).toBeGreaterThanOrEqual(25_000);
  });
});

describe('a service that cannot be deployed to', () => {
  it.each([
    ['does not exist', undefined, /the ECS service prod-api does not exist; `pulumi up --refresh`/],
    ['was deleted', 'INACTIVE', /was deleted \(ECS lists it as INACTIVE\); `pulumi up --refresh`/],
    ['is being deleted', 'DRAINING', /is being deleted; once it is gone/],
  ])('because it %s fails at once', async (_what, status, expected) => {
    const world = worldWithRelease();
    if (status) world.aws.services.get('prod-api')!.status = status;
    else world.aws.services.delete('prod-api');
    expect((await world.failure([api(7)], { deploy: false })).message).toMatch(expected);
    expect(world.clock.now()).toBe(0);
    expect(world.aws.updates).toEqual([]);
  });

  it('because the cluster is gone fails at once', async () => {
    const world = worldWithRelease();
    world.aws.ecs
      .on(DescribeServicesCommand)
      .rejects(
        Object.assign(new Error('Cluster not found.'), { name: 'ClusterNotFoundException' }),
      );
    expect((await world.failure([api(7)])).message).toMatch(/the ECS cluster does not exist/);
  });
});

describe('asking through the load balancer', () => {
  it('fails the release when another one answers, and goes back', async () => {
    const world = worldWithRelease();
    world.answer = () => ({ status: 200, release: 'release 6' });
    const { message } = await world.failure([api(7)]);
    expect(message).toMatch(
      /^api: https:\/\/chat\.example\.com does not answer with the new release: it says it is release release 6, not release 7\./,
    );
    expect(world.aws.updates).toEqual(['prod-api api:6']);
  });

  it('fails the release when it is not ready, with the status', async () => {
    const world = worldWithRelease();
    world.answer = (url) => ({ status: url.endsWith('/ready') ? 503 : 200, release: 'release 7' });
    expect((await world.failure([api(7)])).message).toMatch(/\/health\/ready answers 503/);
  });

  it('fails the release when nothing answers, with the reason', async () => {
    const world = worldWithRelease();
    world.answer = () => {
      throw new Error('its name is not in the DNS');
    };
    expect((await world.failure([api(7)])).message).toMatch(/its name is not in the DNS/);
  });

  it('waits while tasks of the old release still answer now and then', async () => {
    const world = worldWithRelease();
    world.answer = () => ({
      status: 200,
      release:
        world.clock.now() < 40_000 && world.asked.length % 6 === 0 ? 'release 6' : 'release 7',
    });
    await world.up([api(7)]);
    expect(world.clock.now()).toBeGreaterThanOrEqual(40_000);
  });

  it('is left out where there is no address to ask', async () => {
    const world = worldWithRelease();
    await world.up([api(7)], { url: undefined });
    expect(world.asked).toEqual([]);
  });

  it('comes after the load balancer finds enough tasks healthy', async () => {
    const world = worldWithRelease();
    const target = { ...api(7), targetGroup: 'arn:tg' };
    world.aws.targetHealth = [{ State: 'draining' }, { State: 'healthy' }, { State: 'unhealthy' }];
    world.clock.at(60_000, () => (world.aws.targetHealth[2] = { State: 'healthy' }));
    await world.up([target]);
    expect(world.clock.now()).toBeGreaterThanOrEqual(60_000);
    world.aws.targetHealth = [
      { State: 'unhealthy', Description: 'Health checks failed with these codes: [503]' },
    ];
    const { message } = await world.failure([{ ...target, taskDefinition: api(8).taskDefinition }]);
    expect(message).toMatch(/the load balancer finds 0 of 2 tasks healthy/);
    expect(message).toContain(
      'The load balancer finds 10.0.0.0 unhealthy: Health checks failed with these codes: [503].',
    );
  });
});

describe('a cancelled rollout', () => {
  it('leaves the deployment to ECS, and the next update judges it', async () => {
    const world = worldWithRelease();
    world.clock.at(5000, () => world.controller.abort());
    expect((await world.failure([api(7)])).message).toBe(
      'cancelled; ECS goes on with the deployment, and the next update judges it.',
    );
    expect(world.aws.updates).toEqual([]);
    await world.up([api(7)], { deploy: false, signal: new AbortController().signal });
    expect(world.aws.updates).toEqual([]);
  });
});

describe('a refresh', () => {
  const serving = (world: World, targets: EcsTarget[]) =>
    servingTargets(connection, targets, world.aws.clients);
  const service = (world: World) => world.aws.services.get('prod-api')!;

  it('keeps what serves as the receipt says', async () => {
    const world = worldWithRelease();
    expect(await serving(world, [api(6)])).toEqual([api(6)]);
  });

  it('drops what serves another revision, does not run, or is gone', async () => {
    const world = worldWithRelease();
    expect(await serving(world, [api(5), worker(6)])).toEqual([]);
    service(world).runningCount = 0;
    expect(await serving(world, [api(6)])).toEqual([]);
    Object.assign(service(world), { runningCount: 2, status: 'ACTIVE' });
    expect(await serving(world, [api(6)])).toHaveLength(1);
    service(world).status = 'INACTIVE';
    expect(await serving(world, [api(6)])).toEqual([]);
    world.aws.ecs
      .on(DescribeServicesCommand)
      .rejects(
        Object.assign(new Error('Cluster not found.'), { name: 'ClusterNotFoundException' }),
      );
    expect(await serving(world, [api(6)])).toEqual([]);
  });

  it('takes no trouble of AWS for an answer', async () => {
    const world = worldWithRelease();
    world.aws.ecs.on(DescribeServicesCommand).rejects(throttled);
    await expect(serving(world, [api(6)])).rejects.toThrow(
      /The services could not be looked at: AWS throttled/,
    );
  });
});
