import { setTimeout as sleep } from 'node:timers/promises';
import type { Unwrap } from '@pulumi/pulumi';
import type Docker from 'dockerode';
import { gatewayPorts, nginxConfig } from '../../gateway/nginxConfig.ts';
import { dockerClient } from '../../docker-engine/dockerClient.ts';
import { findImage } from '../../docker-engine/imageIdentity.ts';
import { lastLines } from '../../docker-engine/logLines.ts';
import { GatewayContainer } from './gatewayContainer.ts';
import type { DockerRelease, DockerRolloutTarget } from '../../release/rollout.ts';

/** On the image that the Dockerfile's build stage leaves without a name. */
const buildStageLabel = 'dev.slipway.role=build-stage';

/** A new instance that ends this often is not going to get healthy. */
const crashLimit = 3;

export type DockerTarget = Unwrap<DockerRolloutTarget>;

export interface DockerRolloutOptions extends Omit<Unwrap<DockerRelease>, 'signing'> {
  signal: AbortSignal;
  onLine: (line: string) => Promise<void>;
}

/**
 * Switches the gateway to new instances: proves each of them from where the gateway stands,
 * switches, asks through the gateway, and keeps the new configuration only when every instance has
 * answered there.
 */
export class DockerRollout {
  readonly #options: DockerRolloutOptions;
  readonly #docker: Docker;
  readonly #gateway: GatewayContainer;

  constructor(options: DockerRolloutOptions, docker: Docker = dockerClient(options.runner.host)) {
    this.#options = options;
    this.#docker = docker;
    this.#gateway = new GatewayContainer(docker, options.runner.gateway);
  }

  /**
   * @throws Error when an instance is not healthy in time or does not serve through the gateway;
   * the old ones serve then
   */
  async run(): Promise<void> {
    const { targets, onLine } = this.#options;
    const deadline = Date.now() + this.#options.timeoutSeconds * 1000;
    try {
      for (const target of targets) await this.#startIfStopped(target);
      for (const target of targets) await this.#prove(target, deadline);
    } catch (error) {
      await this.#stopTargets();
      throw error;
    }
    await onLine(
      `${targets.length} new ${targets.length === 1 ? 'instance is' : 'instances are'} healthy; switching the gateway`,
    );
    await this.#gateway.try(this.#config());
    try {
      await this.#askThroughGateway(deadline);
      await this.#gateway.keep();
    } catch (error) {
      await this.#gateway.restore();
      await this.#stopTargets();
      throw error;
    }
    await onLine('the gateway serves the new release');
  }

  /**
   * Removes images of this stack that are none of the given ones, and what older builds left of
   * their build stage, but for the newest, which makes the next build quick. What is in use stays.
   */
  async removeOldImages(keep: string[]): Promise<void> {
    const label = Object.entries(this.#options.runner.imageLabels).map(
      ([key, value]) => `${key}=${value}`,
    );
    const images = await this.#docker.listImages({ filters: { label } });
    const kept = await Promise.all(keep.map((image) => findImage(this.#docker, image)));
    const keptIds = new Set(kept.map((image) => image?.engineId));
    const old = images
      .filter(({ Id }) => !keptIds.has(Id))
      .flatMap(({ RepoTags }) => RepoTags ?? []);
    const stages = await this.#docker.listImages({
      filters: { label: [buildStageLabel], dangling: ['true'] },
    });
    const oldStages = stages.sort((a, b) => b.Created - a.Created).slice(1);
    for (const name of [...old, ...oldStages.map(({ Id }) => Id)]) {
      const image = this.#docker.getImage(name);
      await image.remove().catch(() => undefined);
    }
  }

  #config(): string {
    return nginxConfig({
      routes: this.#options.routes,
      upstreams: this.#options.targets.map(({ service, name, port }) => ({
        service,
        address: `${name}:${port}`,
      })),
      port: gatewayPorts.public,
      metricsPort: gatewayPorts.metrics,
    });
  }

  /**
   * Waits until an instance is ready and says it is the new release, asked from the gateway's
   * container.
   */
  async #prove(target: DockerTarget, deadline: number): Promise<void> {
    const { release } = this.#options;
    const where = `${target.name}:${target.port}`;
    let last = 'it was never asked';
    while (Date.now() < deadline) {
      this.#stopIfCancelled();
      await this.#requireRunning(target);
      const ready = await this.#gateway.ask(where, target.readinessPath);
      if (ready?.status === 200) {
        const alive = await this.#gateway.ask(where, target.livenessPath);
        if (alive?.release === release) return;
        last = `it says it is release ${alive?.release ?? 'unknown'}, not ${release}`;
      } else {
        last = ready ? `${target.readinessPath} answers ${ready.status}` : 'it does not answer';
      }
      await sleep(250);
    }
    if (!(await this.#gateway.resolves(target.name))) {
      const gateway = this.#options.runner.gateway.slice(0, 12);
      throw new Error(
        `The gateway's container ${gateway} cannot resolve the name ${target.name}: its network is broken. ` +
          `\`make up\` puts another in its place; so does \`docker rm -f ${gateway}\`, then \`pulumi up --refresh\`.`,
      );
    }
    const logs = await this.#lastLogs(target);
    throw new Error(`${target.name} did not become healthy in time: ${last}.${logs}`);
  }

  /** Every new instance has to answer through the gateway; no other may any more. */
  async #askThroughGateway(deadline: number): Promise<void> {
    const target = this.#options.targets[0];
    if (!target) return;
    const expected = new Set(this.#options.targets.map(({ id }) => id.slice(0, 12)));
    const missing = new Set(expected);
    let strangers = 0;
    let last = 'it does not answer';
    // A few rounds more than instances: the old workers of the gateway may still answer one.
    for (let good = 0; missing.size > 0 || good < expected.size * 2;) {
      this.#stopIfCancelled();
      if (Date.now() > deadline) {
        const absent = [...missing].join(', ');
        throw new Error(
          `not every new instance answers through the gateway (missing: ${absent || 'none'}; last: ${last}).`,
        );
      }
      const answer = await this.#gateway.ask(
        `127.0.0.1:${gatewayPorts.public}`,
        target.livenessPath,
      );
      if (answer?.status === 200 && answer.instance && expected.has(answer.instance)) {
        missing.delete(answer.instance);
        good++;
        continue;
      }
      good = 0;
      strangers++;
      last = answer
        ? `status ${answer.status} from ${answer.instance ?? 'the gateway itself'}`
        : 'it does not answer';
      await sleep(Math.min(1000, 50 * strangers));
    }
  }

  /**
   * A failed rollout stopped its instances; when the same version is tried again, they get one more
   * start.
   */
  async #startIfStopped(target: DockerTarget): Promise<void> {
    const container = this.#docker.getContainer(target.id);
    const { State } = await container.inspect();
    if (!State.Running && !State.Restarting) await container.start();
  }

  /**
   * An instance that cannot serve must not burn CPU by restarting for ever. Its container stays, so
   * that a person can look at it.
   */
  async #stopTargets(): Promise<void> {
    await Promise.allSettled(
      this.#options.targets.map(({ id }) => this.#docker.getContainer(id).stop({ t: 5 })),
    );
  }

  async #requireRunning(target: DockerTarget): Promise<void> {
    const { State, RestartCount } = await this.#docker.getContainer(target.id).inspect();
    // Only between two runs does it have an exit code.
    if (State.Running && !State.Restarting) return;
    if (State.Restarting && RestartCount < crashLimit) return;
    const how = RestartCount > 0 ? `crashed ${RestartCount} times, last with` : 'ended with';
    throw new Error(
      `${target.name} ${how} exit code ${State.ExitCode}.${await this.#lastLogs(target)}`,
    );
  }

  async #lastLogs(target: DockerTarget): Promise<string> {
    const lines = await lastLines(this.#docker.getContainer(target.id), 20);
    return lines.length > 0
      ? ` Its last lines:\n${lines.map((line) => `  | ${line}`).join('\n')}`
      : '';
  }

  #stopIfCancelled(): void {
    if (this.#options.signal.aborted) throw new Error('cancelled; the gateway was left as it was.');
  }
}

/** Those of a release's instances that run. */
export async function runningTargets(
  host: string,
  targets: DockerTarget[],
): Promise<DockerTarget[]> {
  const running = await dockerClient(host).listContainers();
  const ids = new Set(running.map(({ Id }) => Id));
  return targets.filter(({ id }) => ids.has(id));
}
