import { setTimeout as sleep } from 'node:timers/promises';
import { labelKeys } from '../infra/docker-engine/labels.ts';
import { docker, type Bench } from './support/bench.ts';
import { stopIfInterrupted } from './support/commands.ts';
import { Compose } from './support/compose.ts';
import { interleave, samples, type Row } from './support/results.ts';

/**
 * `pulumi up` beside `docker-compose up -d` of the same services: from nothing but images until everything is healthy, and again
 * when there is nothing to do. Only one of the two is up at a time: the other's health checks would
 * slow it down.
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

  const first = { ours: [] as number[], theirs: [] as number[] };
  const again = { ours: [] as number[], theirs: [] as number[] };
  const previewed: number[] = [];
  const migrating: number[] = [];
  const ours = async (): Promise<void> => {
    const started = performance.now();
    await stack.up('--skip-preview');
    await healthy(`${labelKeys.stack}=${bench.id}`, count, stack.gatewayPort);
    first.ours.push((performance.now() - started) / 1000);
    for (let i = 0; i < 2; i++)
      again.ours.push((await stack.up('--skip-preview')).milliseconds / 1000);
    previewed.push((await stack.up()).milliseconds / 1000);
    await stack.destroy();
  };
  const theirs = async (): Promise<void> => {
    const started = performance.now();
    await compose.up();
    await healthy(`com.docker.compose.project=${bench.id}`, count, compose.gatewayPort);
    first.theirs.push((performance.now() - started) / 1000);
    for (let i = 0; i < 2; i++) again.theirs.push((await compose.upAgain()).milliseconds / 1000);
    migrating.push((await compose.up()).milliseconds / 1000);
    await compose.destroy();
  };
  await interleave(samples, ours, theirs);

  const common = { unit: 's' as const, against: `${compose.version} up -d` };
  return [
    { ...common, ...again, key: 'noopUp', what: 'no-op pulumi up --yes --skip-preview', aim: 2 },
    {
      ...common,
      theirs: migrating,
      ours: again.ours,
      key: 'noopUpMigrating',
      what: '  the same, compose as typed',
      against: `${common.against}, its migrate run anew`,
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
      against: `${common.against}, until healthy`,
      aim: 1.3,
    },
  ];
}

/**
 * Waits until so many containers with this label run healthy, and the api answers as ready through
 * the gateway.
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
