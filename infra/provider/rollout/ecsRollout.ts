import { UpdateServiceCommand, type Service } from '@aws-sdk/client-ecs';
import { DescribeTargetHealthCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { RolloutError } from './rolloutError.ts';
import { awsClients, type AwsClients, type AwsConnection } from '../../ecs/awsClients.ts';
import { explainAwsError } from '../../ecs/awsError.ts';
import { pollPause, systemClock, type Clock } from '../../ecs/clock.ts';
import { deploymentReport, failedTasks } from './deploymentReport.ts';
import { complaint, httpAnswer, type HttpAnswer } from './httpAnswer.ts';
import { retryTransient } from '../../ecs/retry.ts';
import { describeServices } from './services.ts';
import {
  judge,
  needsRestart,
  primaryOf,
  revision,
  unusable,
  type EcsTarget,
} from './serviceDeployment.ts';

/**
 * A steady state has to last: without a health check ECS takes each task for healthy that runs for
 * a moment.
 */
const steadyMs = 10_000;
/**
 * ECS' breaker counts less than this for a small service, and says more. Where it does not see the
 * crashes, this does.
 */
const crashLimit = 5;
/** A deployment that took all the time there was still gets this long to answer. */
const answerPatienceMs = 15_000;
/** How often the new release has to answer in a row, and for each task. */
const goodAnswers = 3;

export interface EcsRolloutOptions extends AwsConnection {
  /** Name or ARN. */
  cluster: string;
  /**
   * Where visitors reach the load balancer, without a path at its end; empty when this machine
   * cannot reach it.
   */
  url?: string | undefined;
  release: string;
  targets: EcsTarget[];
  /** What served before, to go back to. */
  previous: Pick<EcsTarget, 'name' | 'taskDefinition'>[];
  timeoutMs: number;
  signal: AbortSignal;
  onLine: (line: string) => Promise<void>;
}

/** What a rollout needs beside its options; others in tests. */
export interface EcsRolloutTools {
  clients: AwsClients;
  clock: Clock;
  ask: (url: string) => Promise<HttpAnswer>;
}

/**
 * Judges the deployments of a release on ECS. Pulumi starts them and does not wait; here each is
 * followed by its id until it is steady with what was asked for, then asked through the load
 * balancer. What fails goes back to what served before.
 */
export class EcsRollout {
  private readonly options: EcsRolloutOptions;
  private readonly tools: EcsRolloutTools;
  /** Ids of the deployments to judge, by the services' names. */
  private readonly followed = new Map<string, string>();
  private readonly begun = new Map<string, Date | undefined>();

  constructor(options: EcsRolloutOptions, tools: Partial<EcsRolloutTools> = {}) {
    this.options = options;
    this.tools = {
      clients: tools.clients ?? awsClients(options),
      clock: tools.clock ?? systemClock,
      ask: tools.ask ?? httpAnswer,
    };
  }

  /**
   * @throws Error with the reason, when a service does not become steady in time or another release
   * answers
   */
  async run(): Promise<void> {
    const { clock } = this.tools;
    const deadline = clock.now() + this.options.timeoutMs;
    this.stopIfCancelled();
    try {
      await this.begin(deadline);
      await this.settle(deadline);
      for (const target of this.options.targets) {
        await this.requireHealthyTargets(target, deadline);
        await this.askThroughLoadBalancer(target, deadline);
      }
    } catch (error) {
      if (this.options.signal.aborted) throw error;
      throw await this.goBack(error as Error);
    }
    await this.options.onLine('the new release serves');
  }

  /**
   * Finds the deployments that Pulumi started; those that failed in an earlier attempt are started
   * once more.
   */
  private async begin(deadline: number): Promise<void> {
    const services = await this.describe(deadline);
    for (const target of this.options.targets) {
      const broken = unusable(services.get(target.name), target);
      if (broken) throw new Error(`${broken}.`);
    }
    for (const target of this.options.targets) {
      let service = services.get(target.name)!;
      if (needsRestart(service, target)) {
        const wanted = revision(target.taskDefinition);
        const now = revision(primaryOf(service)?.taskDefinition);
        const where = now === wanted ? 'ECS has given up on' : `ECS serves ${now} in place of`;
        await this.options.onLine(`${target.service}: ${where} ${wanted}; starting it once more`);
        service = await this.deploy(target, target.taskDefinition);
      }
      const primary = primaryOf(service);
      this.followed.set(target.name, primary?.id ?? '');
      this.begun.set(target.name, primary?.createdAt);
    }
  }

  private async settle(deadline: number): Promise<void> {
    const { clock } = this.tools;
    const progress = new Map<string, string>();
    const crashes = new Map<string, { first: number; last: number }>();
    let steadySince: number | undefined;
    for (let looks = 0; ; looks++) {
      this.stopIfCancelled();
      const services = await this.describe(deadline);
      const waiting: string[] = [];
      let slow = this.options.targets[0];
      for (const target of this.options.targets) {
        const service = services.get(target.name);
        const verdict = judge(service, target, this.followed.get(target.name) ?? '');
        if (verdict.state === 'failed')
          throw await this.failure(target, `${target.service}: ${verdict.why}.`, service);
        const failed = await this.countFailed(target, deadline);
        const { first, last } = crashes.get(target.name) ?? { first: failed, last: failed };
        crashes.set(target.name, { first, last: failed });
        if (failed - first >= Math.max(crashLimit, target.replicas)) {
          throw await this.failure(
            target,
            `${target.service}: its tasks crash again and again.`,
            service,
          );
        }
        if (failed > last) steadySince = undefined;
        const line = `${target.service}: ${verdict.state === 'steady' ? 'steady' : verdict.progress}`;
        if (verdict.state === 'going') {
          waiting.push(line);
          slow = target;
        }
        if (progress.get(target.name) !== line)
          await this.options.onLine(`${line} (${revision(target.taskDefinition)})`);
        progress.set(target.name, line);
      }
      steadySince = waiting.length === 0 ? (steadySince ?? clock.now()) : undefined;
      if (steadySince !== undefined && clock.now() - steadySince >= steadyMs) return;
      if (clock.now() >= deadline && steadySince === undefined && slow) {
        const seconds = Math.round(this.options.timeoutMs / 1000);
        const reason = `not steady after ${seconds} s (rolloutTimeoutSeconds): ${waiting.join('; ')}.`;
        throw await this.failure(slow, reason, services.get(slow.name));
      }
      await clock.sleep(pollPause(looks), this.options.signal);
    }
  }

  private async countFailed(target: EcsTarget, deadline: number): Promise<number> {
    const { clients } = this.tools;
    const since = this.begun.get(target.name);
    return this.request(
      deadline,
      async () => (await failedTasks(clients, this.options.cluster, target, since)).length,
    );
  }

  /** The load balancer's own opinion, where there is one. */
  private async requireHealthyTargets(target: EcsTarget, deadline: number): Promise<void> {
    if (!target.targetGroup) return;
    const { clock, clients } = this.tools;
    const command = new DescribeTargetHealthCommand({ TargetGroupArn: target.targetGroup });
    for (let looks = 0; ; looks++) {
      this.stopIfCancelled();
      const { TargetHealthDescriptions = [] } = await this.request(deadline, () =>
        clients.elbv2.send(command),
      );
      const healthy = TargetHealthDescriptions.filter(
        ({ TargetHealth }) => TargetHealth?.State === 'healthy',
      ).length;
      if (healthy >= target.replicas) return;
      if (clock.now() >= deadline) {
        const reason = `${target.service}: the load balancer finds ${healthy} of ${target.replicas} tasks healthy.`;
        throw await this.failure(target, reason, (await this.describe(deadline)).get(target.name));
      }
      await clock.sleep(pollPause(looks), this.options.signal);
    }
  }

  /**
   * Asks as a visitor: ready, and the new release, several times in a row; old tasks may still
   * answer at first.
   */
  private async askThroughLoadBalancer(target: EcsTarget, deadline: number): Promise<void> {
    const { url, release, signal } = this.options;
    if (!target.http || !url) return;
    const { clock } = this.tools;
    const patience = Math.max(deadline, clock.now() + answerPatienceMs);
    const base = url.replace(/\/+$/, '');
    let last = 'it was never asked';
    for (let good = 0, bad = 0; good < goodAnswers * target.replicas;) {
      this.stopIfCancelled();
      last = await complaint(base, target.http, release, this.tools.ask);
      if (!last) {
        good++;
        continue;
      }
      good = 0;
      if (clock.now() >= patience) {
        const reason = `${target.service}: ${base} does not answer with the new release: ${last}.`;
        throw await this.failure(target, reason, (await this.describe(deadline)).get(target.name));
      }
      await clock.sleep(Math.min(2000, 250 * ++bad), signal);
    }
  }

  /** Whatever of the new release ECS still deploys or serves gives way to what served before. */
  private async goBack(failure: Error): Promise<Error> {
    if (this.options.previous.length === 0) return failure;
    const { clock } = this.tools;
    const back: string[] = [];
    try {
      const services = await this.describe(clock.now());
      for (const target of this.options.targets) {
        const before = this.options.previous.find(
          ({ name }) => name === target.name,
        )?.taskDefinition;
        const service = services.get(target.name);
        if (!before || before === target.taskDefinition || !service || unusable(service, target))
          continue;
        if (primaryOf(service)?.taskDefinition !== target.taskDefinition) continue;
        await this.deploy(target, before);
        back.push(`${target.service} to ${revision(before)}`);
      }
    } catch (error) {
      return new RolloutError(
        failure.message,
        `Going back to the release before failed: ${(error as Error).message} Look at the services in the cluster ` +
          `${revision(this.options.cluster)}, and release a good version.`,
        { cause: failure },
      );
    }
    if (back.length === 0) return failure;
    return new RolloutError(
      `${failure.message}\nECS is told to go back: ${back.join(', ')}.`,
      undefined,
      {
        cause: failure,
      },
    );
  }

  private async deploy(target: EcsTarget, taskDefinition: string): Promise<Service> {
    const { clients, clock } = this.tools;
    const command = new UpdateServiceCommand({
      cluster: this.options.cluster,
      service: target.name,
      taskDefinition,
      // Without it ECS keeps a deployment of the same revision that it has given up on.
      forceNewDeployment: true,
    });
    const { service } = await this.request(clock.now() + 60_000, () => clients.ecs.send(command));
    return service ?? {};
  }

  /** The services as ECS sees them now, by the name they are known by here. */
  private async describe(deadline: number): Promise<Map<string, Service>> {
    const { clients } = this.tools;
    return describeServices(clients, this.options.cluster, this.options.targets, (ask) =>
      this.request(deadline, ask),
    );
  }

  /**
   * A short trouble of AWS does not fail a rollout: it is tried again until the time is over, 30 s
   * at least.
   */
  private async request<T>(deadline: number, ask: () => Promise<T>): Promise<T> {
    const { clock } = this.tools;
    const until = Math.max(deadline, clock.now() + 30_000);
    try {
      return await retryTransient(ask, { clock, until, signal: this.options.signal });
    } catch (error) {
      this.stopIfCancelled();
      throw new Error(`AWS could not be asked: ${explainAwsError(error)}.`, { cause: error });
    }
  }

  private async failure(
    target: EcsTarget,
    reason: string,
    service: Service | undefined,
  ): Promise<Error> {
    const { clients } = this.tools;
    const since = this.begun.get(target.name);
    const report = await deploymentReport(clients, this.options.cluster, target, service, since);
    return new Error(report ? `${reason}\n${report}` : reason);
  }

  private stopIfCancelled(): void {
    if (!this.options.signal.aborted) return;
    throw new Error('cancelled; ECS goes on with the deployment, and the next update judges it.');
  }
}
