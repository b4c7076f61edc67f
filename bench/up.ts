import { setTimeout as sleep } from 'node:timers/promises';
import { labelKeys } from '../infra/docker-engine/labels.ts';
import type { Bench } from './support/bench.ts';
import { stopIfInterrupted, type Finished } from './support/commands.ts';
import { Compose } from './support/compose.ts';
import { docker } from './support/docker.ts';
import { interleave, type Row } from './support/results.ts';
import type { BenchStack } from './support/stack.ts';

const rounds = 5;

/**
 * `pulumi up` beside `docker-compose up -d` of the same services. It measures the first start, from
 * images alone until everything is healthy, and another run with nothing to do. Only one of the two
 * is up at a time: the other's health checks would slow it down.
 */
export async function benchUp(bench: Bench): Promise<Row[]> {
  const stack = await bench.stack();
  await stack.up('--skip-preview');
  const running = await stack.running();
  const count = running.containers.length;
  const compose = await Compose.create({
    project: bench.id,
    folder: bench.folder,
    firstPort: bench.firstPort + 10,
    stack: running,
  });
  await stack.destroy();
  if ('missing' in compose) {
    bench.note(`left out: no-op up, no-op up with its preview, first up: ${compose.missing}`);
    return [];
  }

  const times = await measure(stack, count, compose, bench.id);
  return rowsOf(times, `${compose.version} up -d`);
}

/** Seconds of every sample. */
interface Times {
  first: { ours: number[]; theirs: number[] };
  again: { ours: number[]; theirs: number[] };
  /** Ours again, with the preview that `pulumi up` shows by itself. */
  previewed: number[];
  /** Theirs again, with the run of its migrations. */
  migrating: number[];
}

async function measure(
  stack: BenchStack,
  count: number,
  compose: Compose,
  id: string,
): Promise<Times> {
  const times: Times = {
    first: { ours: [], theirs: [] },
    again: { ours: [], theirs: [] },
    previewed: [],
    migrating: [],
  };
  const { first, again, previewed, migrating } = times;
  const seconds = ({ milliseconds }: Finished): number => milliseconds / 1000;
  const ours = async (): Promise<void> => {
    const started = performance.now();
    await stack.up('--skip-preview');
    await healthy(`${labelKeys.stack}=${id}`, count, stack.gatewayPort);
    first.ours.push((performance.now() - started) / 1000);
    for (let i = 0; i < 2; i++) again.ours.push(seconds(await stack.up('--skip-preview')));
    previewed.push(seconds(await stack.up()));
    await stack.destroy();
  };
  const theirs = async (): Promise<void> => {
    const started = performance.now();
    await compose.up();
    await healthy(`com.docker.compose.project=${id}`, count, compose.gatewayPort);
    first.theirs.push((performance.now() - started) / 1000);
    for (let i = 0; i < 2; i++) again.theirs.push(seconds(await compose.upAgain()));
    migrating.push(seconds(await compose.up()));
    await compose.destroy();
  };
  await interleave(rounds, ours, theirs);
  return times;
}

function rowsOf({ first, again, previewed, migrating }: Times, against: string): Row[] {
  const common = { unit: 's' as const, against };
  return [
    { ...common, ...again, key: 'noopUp', what: 'no-op pulumi up --yes --skip-preview', aim: 2 },
    {
      ...common,
      theirs: migrating,
      ours: again.ours,
      key: 'noopUpMigrating',
      what: '  the same, compose as typed',
      against: `${against}, its migrate run anew`,
    },
    {
      ...common,
      theirs: again.theirs,
      ours: previewed,
      key: 'noopUpWithPreview',
      what: 'no-op pulumi up --yes',
    },
    {
      ...common,
      ...first,
      key: 'firstUp',
      what: 'pulumi up, images there, volumes empty',
      against: `${against}, until healthy`,
      aim: 1.3,
    },
  ];
}

/**
 * Waits until so many containers with this label are healthy and the api is ready through the
 * gateway.
 */
async function healthy(label: string, count: number, gatewayPort: number): Promise<void> {
  for (const end = performance.now() + 120_000; performance.now() < end; await sleep(50)) {
    stopIfInterrupted();
    const containers = await docker.listContainers({ filters: { label: [label] } });
    if (containers.filter(({ Status }) => Status.includes('(healthy)')).length < count) continue;
    const ready = await fetch(`http://127.0.0.1:${gatewayPort}/health/ready`).then(
      async (answer) => (await answer.arrayBuffer(), answer.ok),
      () => false,
    );
    if (ready) return;
  }
  throw new Error(`the containers with label ${label} were not all healthy within 120 s`);
}
