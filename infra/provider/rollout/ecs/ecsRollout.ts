import type { Service } from '@aws-sdk/client-ecs';
import type { Unwrap } from '@pulumi/pulumi';
import { awsClients, type AwsClients } from '../../../ecs/awsClients.ts';
import { pollPause, systemClock, type Clock } from '../../../ecs/clock.ts';
import type { EcsRelease } from '../../../release/rollout.ts';
import { EcsServices } from './ecsServices.ts';
import { complaint, httpAnswer, type HttpAnswer } from './httpAnswer.ts';
import { RolloutError } from '../rolloutError.ts';
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

export interface EcsRolloutOptions extends Omit<Unwrap<EcsRelease>, 'signing'> {
  /** The release before, to go back to. */
  previous: Pick<EcsTarget, 'name' | 'taskDefinition'>[];
  signal: AbortSignal;
  onLine: (line: string) => Promise<void>;
}

/** The world around a rollout; tests bring their own. */
export interface EcsRolloutTools {
  clients: AwsClients;
  clock: Clock;
  ask: (url: string) => Promise<HttpAnswer>;
}

/** A deployment that is judged, and what was seen of it. */
interface Followed {
  deployment: string;
  since: Date | undefined;
  /** The line that was shown last. */
  line: string;
  /** Failed tasks at the first look and at the last one. */
  crashes: { first: number; last: number } | undefined;
}

/**
 * Judges the deployments of a release on ECS. Pulumi starts them and does not wait; here each is
 * followed by its id until it is steady with what was asked for, then asked through the load
 * balancer. What fails goes back to the release before.
 */
export class EcsRollout {
  readonly #options: EcsRolloutOptions;
  readonly #clock: Clock;
  readonly #ask: (url: string) => Promise<HttpAnswer>;
  readonly #services: EcsServices;
  /** By the services' names. */
  readonly #followed = new Map<string, Followed>();

  constructor(options: EcsRolloutOptions, tools: Partial<EcsRolloutTools> = {}) {
    const { clients = awsClients(options.runner), clock = systemClock, ask = httpAnswer } = tools;
    const { runner, targets, signal } = options;
    this.#options = options;
    this.#clock = clock;
    this.#ask = ask;
    this.#services = new EcsServices({ clients, clock }, runner.cluster, targets, signal);
  }

  /**
   * @throws Error with the reason, when a service does not become steady in time or another release
   * answers
   */
  async run(): Promise<void> {
    const deadline = this.#clock.now() + this.#options.timeoutSeconds * 1000;
    this.#services.stopIfCancelled();
    try {
      await this.#begin(deadline);
      await this.#settle(deadline);
      for (const target of this.#options.targets) {
        await this.#requireHealthyTargets(target, deadline);
        await this.#askThroughLoadBalancer(target, deadline);
      }
    } catch (error) {
      if (this.#options.signal.aborted) throw error;
      throw await this.#goBack(error as Error);
    }
    await this.#options.onLine('the new release serves');
  }

  /**
   * Finds the deployments that Pulumi started; those that failed in an earlier attempt are started
   * once more.
   */
  async #begin(deadline: number): Promise<void> {
    const services = await this.#services.describe(deadline);
    for (const target of this.#options.targets) {
      const broken = unusable(services.get(target.name), target);
      if (broken) throw new Error(`${broken}.`);
    }
    for (const target of this.#options.targets) {
      let service = services.get(target.name)!;
      if (needsRestart(service, target)) {
        const wanted = revision(target.taskDefinition);
        const now = revision(primaryOf(service)?.taskDefinition);
        const where = now === wanted ? 'ECS has given up on' : `ECS serves ${now} in place of`;
        await this.#options.onLine(`${target.service}: ${where} ${wanted}; starting it once more`);
        service = await this.#services.deploy(target, target.taskDefinition);
      }
      const { id = '', createdAt: since } = primaryOf(service) ?? {};
      this.#followed.set(target.name, { deployment: id, since, line: '', crashes: undefined });
    }
  }

  /** Until every deployment has been steady for a while. */
  async #settle(deadline: number): Promise<void> {
    let steadySince: number | undefined;
    for (let looks = 0; ; looks++) {
      this.#services.stopIfCancelled();
      const services = await this.#services.describe(deadline);
      const waiting: { target: EcsTarget; line: string }[] = [];
      for (const target of this.#options.targets) {
        const { steady, line, crashed } = await this.#look(
          target,
          services.get(target.name),
          deadline,
        );
        if (!steady) waiting.push({ target, line });
        if (crashed) steadySince = undefined;
      }
      const now = this.#clock.now();
      steadySince = waiting.length === 0 ? (steadySince ?? now) : undefined;
      if (steadySince !== undefined && now - steadySince >= steadyMs) return;
      const slow = waiting.at(-1)?.target;
      if (now >= deadline && slow) {
        const lines = waiting.map(({ line }) => line).join('; ');
        const reason = `not steady after ${this.#options.timeoutSeconds} s (rolloutTimeoutSeconds): ${lines}.`;
        throw await this.#failure(slow, reason, services.get(slow.name));
      }
      await this.#clock.sleep(pollPause(looks), this.#options.signal);
    }
  }

  /** @throws Error when the deployment of one service has failed */
  async #look(
    target: EcsTarget,
    service: Service | undefined,
    deadline: number,
  ): Promise<{ steady: boolean; line: string; crashed: boolean }> {
    const followed = this.#followed.get(target.name)!;
    const verdict = judge(service, target, followed.deployment);
    if (verdict.state === 'failed')
      throw await this.#failure(target, `${target.service}: ${verdict.why}.`, service);
    const failed = await this.#services.countFailed(target, followed.since, deadline);
    const { first, last } = followed.crashes ?? { first: failed, last: failed };
    followed.crashes = { first, last: failed };
    if (failed - first >= Math.max(crashLimit, target.replicas)) {
      const reason = `${target.service}: its tasks crash again and again.`;
      throw await this.#failure(target, reason, service);
    }
    const steady = verdict.state === 'steady';
    const line = `${target.service}: ${steady ? 'steady' : verdict.progress}`;
    if (followed.line !== line)
      await this.#options.onLine(`${line} (${revision(target.taskDefinition)})`);
    followed.line = line;
    return { steady, line, crashed: failed > last };
  }

  /** The load balancer's own opinion, where there is one. */
  async #requireHealthyTargets(target: EcsTarget, deadline: number): Promise<void> {
    if (!target.targetGroup) return;
    for (let looks = 0; ; looks++) {
      this.#services.stopIfCancelled();
      const healthy = await this.#services.countHealthy(target.targetGroup, deadline);
      if (healthy >= target.replicas) return;
      if (this.#clock.now() >= deadline) {
        const reason = `${target.service}: the load balancer finds ${healthy} of ${target.replicas} tasks healthy.`;
        throw await this.#lateFailure(target, reason, deadline);
      }
      await this.#clock.sleep(pollPause(looks), this.#options.signal);
    }
  }

  /**
   * Asks as a visitor: ready, and the new release, several times in a row; old tasks may still
   * answer at first.
   */
  async #askThroughLoadBalancer(target: EcsTarget, deadline: number): Promise<void> {
    const { runner, release, signal } = this.#options;
    if (!target.http || !runner.url) return;
    const patience = Math.max(deadline, this.#clock.now() + answerPatienceMs);
    const base = runner.url.replace(/\/+$/, '');
    for (let good = 0, bad = 0; good < goodAnswers * target.replicas;) {
      this.#services.stopIfCancelled();
      const wrong = await complaint(base, target.http, release, this.#ask);
      if (!wrong) {
        good++;
        continue;
      }
      good = 0;
      if (this.#clock.now() >= patience) {
        const reason = `${target.service}: ${base} does not answer with the new release: ${wrong}.`;
        throw await this.#lateFailure(target, reason, deadline);
      }
      await this.#clock.sleep(Math.min(2000, 250 * ++bad), signal);
    }
  }

  /** Each service that ECS deploys the new release to goes back to the release before. */
  async #goBack(failure: Error): Promise<Error> {
    const { previous, targets, runner } = this.#options;
    if (previous.length === 0) return failure;
    const back: string[] = [];
    try {
      const services = await this.#services.describe(this.#clock.now());
      for (const target of targets) {
        const before = previous.find(({ name }) => name === target.name)?.taskDefinition;
        const service = services.get(target.name);
        if (!before || before === target.taskDefinition || !service || unusable(service, target))
          continue;
        if (primaryOf(service)?.taskDefinition !== target.taskDefinition) continue;
        await this.#services.deploy(target, before);
        back.push(`${target.service} to ${revision(before)}`);
      }
    } catch (error) {
      return new RolloutError(
        failure.message,
        `Going back to the release before failed: ${(error as Error).message} Look at the services in the cluster ` +
          `${revision(runner.cluster)}, and release a good version.`,
        { cause: failure },
      );
    }
    if (back.length === 0) return failure;
    const message = `${failure.message}\nECS is told to go back: ${back.join(', ')}.`;
    return new RolloutError(message, undefined, { cause: failure });
  }

  async #lateFailure(target: EcsTarget, reason: string, deadline: number): Promise<Error> {
    const services = await this.#services.describe(deadline);
    return this.#failure(target, reason, services.get(target.name));
  }

  async #failure(target: EcsTarget, reason: string, service: Service | undefined): Promise<Error> {
    const since = this.#followed.get(target.name)?.since;
    const report = await this.#services.report(target, service, since);
    return new Error(report ? `${reason}\n${report}` : reason);
  }
}
