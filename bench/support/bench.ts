import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dockerHost } from '../../infra/docker-engine/host.ts';
import { labelKeys } from '../../infra/docker-engine/labels.ts';
import { dockerClient } from '../../infra/docker-engine/dockerClient.ts';
import { isAlive } from '../../toolchain/lib/isAlive.ts';
import { unlessMissing } from '../../toolchain/lib/unlessMissing.ts';
import { BenchStack } from './stack.ts';

export const docker = dockerClient(dockerHost());

/**
 * Everything a run makes carries its name in one of these labels: it is removed by them, whatever
 * state it is in.
 */
const composeLabel = 'com.docker.compose.project';
/** On containers beside the stack, which must not be taken for a part of it. */
const benchLabel = 'dev.slipway.bench';
const labels = [labelKeys.stack, composeLabel, benchLabel];
const idPattern = /^bench-(\d+)$/;

/**
 * One run of the benchmarks: a name, a folder and a stack of its own, and what removes them again.
 */
export class Bench {
  /** Name of the Pulumi stack and of the compose project. */
  readonly id = `bench-${process.pid}`;
  readonly folder = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  /** Ports on 127.0.0.1 from here on are the bench's. */
  readonly firstPort = 18600;
  readonly notes: string[] = [];
  private lazyImageId: Promise<string> | undefined;
  private lazyStack: Promise<BenchStack> | undefined;

  /** The stack, not up; made when it is first asked for. */
  stack(): Promise<BenchStack> {
    this.lazyStack ??= BenchStack.create(this.id, this.firstPort);
    return this.lazyStack;
  }

  /** The app image as the stack builds it: the stack comes up once for it. */
  imageId(): Promise<string> {
    this.lazyImageId ??= this.stack().then(async (stack) => {
      await stack.up('--skip-preview');
      const { imageId } = await stack.running();
      await stack.destroy();
      return imageId;
    });
    return this.lazyImageId;
  }

  /** The arguments of `docker run` by which the end of this run finds a container. */
  get label(): string[] {
    return ['--label', `${benchLabel}=${this.id}`];
  }

  /** A line that belongs under the table. */
  note(line: string): void {
    this.notes.push(line);
  }

  async remove(): Promise<void> {
    await removeAll(this.id);
    await this.lazyStack?.then(
      (stack) => stack.remove(),
      () => undefined,
    );
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Removes what runs that were killed have left on the engine. */
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
