import { randomUUID } from 'node:crypto';
import type * as provider from '@pulumi/pulumi/provider/index.js';
import type { Route } from '../blueprint.ts';
import { canonical } from './canonical.ts';
import type { DockerTarget } from './docker/dockerRollout.ts';
import type { EngineLog } from './engineLog.ts';
import type { Receipt } from './rollout.ts';
import type { ResourceHandler } from './slipwayProvider.ts';
import { unwrap } from './wire.ts';

interface Inputs {
  release: string;
  targets: DockerTarget[];
  routes: Route[];
  timeoutSeconds: number;
  runner: { kind: 'docker'; host: string; gateway: string; imageLabels: Record<string, string> };
}

interface State extends Inputs {
  receipts: Receipt[];
}

const keptReceipts = 50;

/** The provider's side of Rollout. */
export class RolloutHandler implements ResourceHandler {
  private readonly log: EngineLog;

  constructor(log: EngineLog) {
    this.log = log;
  }

  async check(_urn: string, _olds: unknown, news: unknown): Promise<provider.CheckResult> {
    return Promise.resolve({ inputs: news });
  }

  /** How long it may take and where images lie does not make a release another one. */
  async diff(_urn: string, olds: unknown, news: unknown): Promise<provider.DiffResult> {
    const changes = essence(unwrap(olds) as State) !== essence(unwrap(news) as Inputs);
    return Promise.resolve({ changes, replaces: [] });
  }

  async create(urn: string, news: unknown, signal: AbortSignal): Promise<provider.CreateResult> {
    return { id: randomUUID(), outs: await this.roll(urn, [], news, signal) };
  }

  async update(urn: string, olds: unknown, news: unknown, signal: AbortSignal): Promise<provider.UpdateResult> {
    const { receipts } = unwrap(olds) as State;
    return { outs: await this.roll(urn, receipts, news, signal) };
  }

  /** A refresh notices instances that were stopped by hand: they leave the state, so the next update starts them. */
  async read(id: string, props: unknown): Promise<provider.ReadResult> {
    const state = unwrap(props) as State;
    const { runningTargets } = await import('./docker/dockerRollout.ts');
    const running = await runningTargets(state.runner.host, state.targets);
    return { id, props: { ...state, targets: running } };
  }

  /** Deleting it switches nothing: the containers and the gateway go by themselves. */
  async delete(): Promise<void> {}

  private async roll(urn: string, receipts: Receipt[], news: unknown, signal: AbortSignal): Promise<State> {
    const inputs = unwrap(news) as Inputs;
    const { DockerRollout } = await import('./docker/dockerRollout.ts');
    const rollout = new DockerRollout({
      ...inputs.runner,
      release: inputs.release,
      targets: inputs.targets,
      routes: inputs.routes,
      timeoutMs: inputs.timeoutSeconds * 1000,
      signal,
      onLine: (line) => this.log.line(urn, line),
    });
    const serving = receipts[0]?.release;
    try {
      await rollout.run();
    } catch (error) {
      const after = serving ? `The release before, ${short(serving)}, goes on serving.` : 'No release serves yet.';
      throw new Error(`The rollout of ${short(inputs.release)} failed: ${(error as Error).message}\n${after}`, {
        cause: error,
      });
    }
    const receipt: Receipt = {
      release: inputs.release,
      instances: inputs.targets.map(({ name }) => name),
      at: new Date().toISOString(),
    };
    const kept = [receipt, ...receipts].slice(0, keptReceipts);
    await rollout.removeOldImages(recentReleases(kept));
    return { ...inputs, receipts: kept };
  }
}

/** The images worth keeping for a quick step back: of the last three different releases. */
function recentReleases(receipts: Receipt[]): string[] {
  return [...new Set(receipts.map(({ release }) => release))].slice(0, 3);
}

/** A preview may not know all of it yet. */
function essence(inputs: Partial<Inputs>): string {
  const { release, targets, routes, runner } = inputs;
  return canonical({ release, targets, routes, gateway: runner?.gateway });
}

/** `sha256:` and 12 digits, as `docker images` shows an id. */
function short(imageId: string): string {
  return imageId.slice(0, 'sha256:'.length + 12);
}
