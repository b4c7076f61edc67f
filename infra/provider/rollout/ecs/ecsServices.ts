import { UpdateServiceCommand, type Service } from '@aws-sdk/client-ecs';
import { DescribeTargetHealthCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { AwsClients } from '../../../ecs/awsClients.ts';
import { explainAwsError } from '../../../ecs/awsError.ts';
import type { Clock } from '../../../ecs/clock.ts';
import { retryTransient } from '../../../ecs/retry.ts';
import { deploymentReport, failedTasks } from './deploymentReport.ts';
import type { EcsTarget } from './serviceDeployment.ts';
import { describeServices } from './servingTargets.ts';

/** AWS is tried this long at least, milliseconds. */
const patienceMs = 30_000;
const deployPatienceMs = 60_000;

/**
 * The questions of a rollout to AWS about its services. A short trouble of AWS does not fail the rollout: a
 * request is tried again until its deadline is over.
 */
export class EcsServices {
  readonly #clients: AwsClients;
  readonly #clock: Clock;
  readonly #cluster: string;
  readonly #targets: EcsTarget[];
  readonly #signal: AbortSignal;

  constructor(
    { clients, clock }: { clients: AwsClients; clock: Clock },
    cluster: string,
    targets: EcsTarget[],
    signal: AbortSignal,
  ) {
    this.#clients = clients;
    this.#clock = clock;
    this.#cluster = cluster;
    this.#targets = targets;
    this.#signal = signal;
  }

  /** The services as ECS sees them now, by the names of the targets. */
  describe(deadline: number): Promise<Map<string, Service>> {
    return describeServices(this.#clients, this.#cluster, this.#targets, (ask) =>
      this.#request(deadline, ask),
    );
  }

  async deploy(target: EcsTarget, taskDefinition: string): Promise<Service> {
    const command = new UpdateServiceCommand({
      cluster: this.#cluster,
      service: target.name,
      taskDefinition,
      // Without it ECS keeps a deployment of the same revision that it has given up on.
      forceNewDeployment: true,
    });
    const { service } = await this.#request(this.#clock.now() + deployPatienceMs, () =>
      this.#clients.ecs.send(command),
    );
    return service ?? {};
  }

  /** How many tasks of the new revision have failed since its deployment began. */
  countFailed(target: EcsTarget, since: Date | undefined, deadline: number): Promise<number> {
    return this.#request(
      deadline,
      async () => (await failedTasks(this.#clients, this.#cluster, target, since)).length,
    );
  }

  /** How many tasks the load balancer finds healthy. */
  async countHealthy(targetGroup: string, deadline: number): Promise<number> {
    const command = new DescribeTargetHealthCommand({ TargetGroupArn: targetGroup });
    const { TargetHealthDescriptions = [] } = await this.#request(deadline, () =>
      this.#clients.elbv2.send(command),
    );
    return TargetHealthDescriptions.filter(({ TargetHealth }) => TargetHealth?.State === 'healthy')
      .length;
  }

  /** Why a deployment failed, as far as AWS tells; empty when it tells nothing. */
  report(target: EcsTarget, service: Service | undefined, since: Date | undefined) {
    return deploymentReport(this.#clients, this.#cluster, target, service, since);
  }

  stopIfCancelled(): void {
    if (!this.#signal.aborted) return;
    throw new Error('cancelled; ECS goes on with the deployment, and the next update judges it.');
  }

  async #request<T>(deadline: number, ask: () => Promise<T>): Promise<T> {
    const until = Math.max(deadline, this.#clock.now() + patienceMs);
    try {
      return await retryTransient(ask, { clock: this.#clock, until, signal: this.#signal });
    } catch (error) {
      this.stopIfCancelled();
      throw new Error(`AWS could not be asked: ${explainAwsError(error)}.`, { cause: error });
    }
  }
}
