import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labelKeys } from '../../infra/docker-engine/labels.ts';
import { isAlive } from '../../toolchain/lib/isAlive.ts';
import { unlessMissing } from '../../infra/docker-engine/unlessMissing.ts';
import { docker } from './docker.ts';
import { BenchStack } from './stack.ts';

/** On everything that docker-compose makes. */
const composeLabel = 'com.docker.compose.project';
/** On containers beside the stack. They must not count as a part of it. */
const benchLabel = 'dev.slipway.bench';
/** Everything that a run makes carries the run's name in one of these labels. */
const labels = [labelKeys.stack, composeLabel, benchLabel];
const idPattern = /^bench-(\d+)$/;

/** One run of the benchmarks, with its own name, folder and stack. It removes them at the end. */
export class Bench {
  /** The name of the Pulumi stack and of the compose project. */
  readonly id = `bench-${process.pid}`;
  readonly folder = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  /** The bench uses ports on 127.0.0.1 from this one on. */
  readonly firstPort = 18600;
  readonly notes: string[] = [];
  #imageId: Promise<string> | undefined;
  #stack: Promise<BenchStack> | undefined;

  /** The stack, made on first use. It is not up. */
  stack(): Promise<BenchStack> {
    this.#stack ??= BenchStack.create(this.id, this.firstPort);
    return this.#stack;
  }

  /** The app image that the stack builds. The stack comes up once for it. */
  imageId(): Promise<string> {
    this.#imageId ??= this.stack().then(async (stack) => {
      await stack.up('--skip-preview');
      const { imageId } = await stack.running();
      await stack.destroy();
      return imageId;
    });
    return this.#imageId;
  }

  /** Arguments of `docker run`: the end of this run finds the container by them. */
  get label(): string[] {
    return ['--label', `${benchLabel}=${this.id}`];
  }

  /** Adds a line below the table. */
  note(line: string): void {
    this.notes.push(line);
  }

  async remove(): Promise<void> {
    await removeAll(this.id);
    await this.#stack?.then(
      (stack) => stack.remove(),
      () => undefined,
    );
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Removes the leftovers of killed runs from the engine. */
export async function removeLeftovers(): Promise<void> {
  const containers = await docker.listContainers({ all: true });
  const { Volumes } = await docker.listVolumes();
  const networks = await docker.listNetworks();
  const found = [...containers, ...(Volumes ?? []), ...networks].map(
    (thing) => thing.Labels as Labels,
  );
  const ids = found.flatMap((its) => labels.map((label) => its?.[label] ?? ''));
  for (const id of new Set(ids)) {
    const pid = Number(idPattern.exec(id)?.[1]);
    if (pid && !isAlive(pid)) await removeAll(id);
  }
}

type Labels = Record<string, string> | null | undefined;

async function removeAll(id: string): Promise<void> {
  for (const label of labels) {
    const filters = { label: [`${label}=${id}`] };
    for (const { Id } of await docker.listContainers({ all: true, filters })) {
      await unlessMissing(docker.getContainer(Id).remove({ force: true, v: true }));
    }
    for (const { Name } of (await docker.listVolumes({ filters })).Volumes ?? []) {
      await unlessMissing(docker.getVolume(Name).remove());
    }
    for (const { Id } of await docker.listNetworks({ filters })) {
      await unlessMissing(docker.getNetwork(Id).remove());
    }
    for (const { Id } of await docker.listImages({ filters })) {
      await unlessMissing(docker.getImage(Id).remove({ force: true }));
    }
  }
}
