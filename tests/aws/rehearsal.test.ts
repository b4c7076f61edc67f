import {
  DescribeTaskDefinitionCommand,
  ECSClient,
  ListTaskDefinitionsCommand,
} from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findImage } from '../../infra/docker-engine/imageIdentity.ts';
import { emulatorState } from '../../toolchain/rehearsal/emulator/emulator.ts';
import { emulatorClient } from '../../toolchain/pulumi/emulatorGuard.ts';
import { loadLine } from '../../toolchain/rehearsal/faults/faultReport.ts';
import { faults } from '../../toolchain/rehearsal/faults/faults.ts';
import { startLoad, type LoadReport } from '../../toolchain/rehearsal/faults/load.ts';
import { emulatorDown } from '../../toolchain/verbs/emulator.ts';
import { Checkout } from '../support/checkout.ts';
import { run, type Finished } from '../support/run.ts';
import { docker, Stack } from '../support/stack.ts';

const checkout = Checkout.create();
/** The stack whose image is rehearsed. */
const dev = new Stack(checkout, { basePort: 18700, replicas: 1 });
const stack = 'rehearsal';
const ecs = new ECSClient(emulatorClient);
let url = '';
let first = '';

const make = (verb: string, settings: Record<string, string> = {}, seconds = 850) =>
  run(
    [
      'make',
      '--no-print-directory',
      verb,
      ...Object.entries(settings).map((pair) => pair.join('=')),
    ],
    {
      cwd: checkout.root,
      seconds,
    },
  );

/** Plain pulumi, as in a shell with the stack's `make env`. */
function pulumi(...args: string[]): Promise<Finished> {
  const script = `eval "$(make --no-print-directory env STACK=${stack})" && exec npx pulumi "$@"`;
  const command = ['bash', '-c', script, 'pulumi', ...args, '--stack', stack, '--non-interactive'];
  return run(command, { cwd: checkout.root, seconds: 600 });
}

const outputs = async () =>
  JSON.parse((await pulumi('stack', 'output', '--json')).stdout) as Record<string, string>;
const health = async () => (await (await fetch(`${url}/health`)).json()) as { release: string };

/**
 * Releases to dev, and then dev's image to the rehearsal, under a running loop of requests to that.
 */
async function releaseUnderLoad(): Promise<{ up: Finished; load: LoadReport }> {
  const verified = await dev.make('up');
  expect(verified.code, verified.output).toBe(0);
  const load = startLoad(url, { clients: 2, pauseMs: 20, paths: ['/health', '/health/ready'] });
  const up = await make('up', { STACK: stack });
  return { up, load: await load.stop() };
}

beforeAll(async () => {
  checkout.edit('Pulumi.rehearsal.yaml', 'imageFrom: dev', `imageFrom: ${dev.name}`);
  checkout.commit();
  // The things that an earlier run left there would be in the way.
  await emulatorDown();
});
afterAll(async () => {
  await make('rehearse-down');
  await dev.clear();
  checkout.remove();
});

// In this order: each step stands on the one before it.
describe('a rehearsal', () => {
  it('comes up: dev is released first, its image pushed, migrated by a task, proven, the policy pack content, the API checked', async () => {
    const { code, output, seconds } = await make('rehearse');
    expect(code, output).toBe(0);
    console.log(
      `make rehearse, with dev's release: ${seconds.toFixed(0)} s; ${/\+ \d+ created(?![\s\S]*created)/.exec(output)?.[0]}`,
    );
    expect(output).toContain(`stack ${dev.name} has no release yet`);
    expect(output).toMatch(/applying 0001_users … done/);
    expect(output).toContain('the new release serves');
    expect(output).toMatch(/^Policies:\n.*slipway@v/m);
    expect(output).not.toContain('[mandatory]');
    expect(output).toMatch(/^31 passed, 0 failed, 0 skipped/m);
    const found = await outputs();
    url = found['url'] ?? '';
    first = found['imageId'] ?? '';
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:4566\/_alb\//);
    expect(found['imageReference']).toMatch(
      /^127\.0\.0\.1:4566\/slipway-rehearsal\/app@sha256:[0-9a-f]{64}$/,
    );
  });

  it('runs the very image that dev has proven, in containers of its own, by its digest', async () => {
    expect(first).toBe((await dev.outputs())['release']);
    expect((await health()).release).toBe(first);
    const { started } = await emulatorState(docker);
    const tasks = started.filter(
      ({ Labels, State }) => Labels['ministack'] === 'ecs' && State === 'running',
    );
    const images = await Promise.all(tasks.map(({ ImageID }) => findImage(docker, ImageID)));
    expect(images.map((image) => image?.imageId)).toEqual([first, first]);
    const reference = (await outputs())['imageReference'];
    expect(tasks.map(({ Image }) => Image)).toEqual([reference, reference]);
    // The tasks inherit the labels of dev's image, and are not dev's all the same.
    expect((await dev.make('ps')).stdout).not.toContain('ministack');
  });

  it('has no change afterwards, and no drift; coming up again does nothing', async () => {
    const refresh = await pulumi(
      'refresh',
      '--yes',
      '--skip-preview',
      '--diff',
      '--expect-no-changes',
    );
    expect(refresh.code, refresh.output).toBe(0);
    const preview = await pulumi('preview', '--diff', '--expect-no-changes');
    expect(preview.code, preview.output).toBe(0);
    const [again, ofDev] = [await make('up', { STACK: stack }), await dev.make('up')];
    expect(again.code, again.output).toBe(0);
    expect(again.output).not.toMatch(/\d+ (created|updated|replaced|deleted)/);
    const ratio = (again.seconds / ofDev.seconds).toFixed(1);
    console.log(
      `up with no change: ${again.seconds.toFixed(1)} s, ${ratio} times dev's ${ofDev.seconds.toFixed(1)} s`,
    );
    expect(checkout.changes()).toBe('');
  });

  it('shows no secret in its state, outputs or task definitions', async () => {
    const shown = (await pulumi('stack', 'export', '--show-secrets')).stdout;
    const secrets = [...shown.matchAll(/"plaintext": "\\"([A-Za-z0-9+/=_:.-]{24,})\\""/g)].map(
      ([, value = '']) => value,
    );
    expect(secrets.length).toBeGreaterThan(5);
    const { taskDefinitionArns = [] } = await ecs.send(new ListTaskDefinitionsCommand({}));
    expect(taskDefinitionArns.length).toBeGreaterThan(1);
    const definitions = await Promise.all(
      taskDefinitionArns.map((taskDefinition) =>
        ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition })),
      ),
    );
    const exported =
      (await pulumi('stack', 'export')).stdout + (await pulumi('stack', 'output', '--json')).stdout;
    const plain =
      exported + JSON.stringify(definitions.map(({ taskDefinition }) => taskDefinition));
    for (const secret of new Set(secrets))
      expect(plain.includes(secret), 'a secret in plain text').toBe(false);
  });

  describe('survives', () => {
    let report = '';
    beforeAll(async () => {
      const all = await make('rehearse', { FAULT: 'all' }, 1700);
      report = all.output;
      console.log(
        `every fault: ${(all.seconds / 60).toFixed(1)} min\n${/^ {2}[✓✗] migration-fails[^]*/m.exec(report)?.[0]}`,
      );
    }, 1_800_000);

    it.each(faults)('$name: $what', ({ name, ends, mayLose }) => {
      const [section = ''] = report.split(/^Fault /m).filter((part) => part.startsWith(`${name}:`));
      const told = section.slice(section.search(/^[✓✗]/m));
      expect(told).toMatch(new RegExp(`^✓ ${name}:`));
      expect(told).toContain('the next good up: exit code 0');
      if (!mayLose)
        expect(told.match(/^ {4}(meanwhile|recovery): [1-9].* requests, 0 failed$/gm)).toHaveLength(
          2,
        );
      if (ends === 'killed') expect(told).toMatch(/^ {4}up: exit code 137/m);
      else if (ends === 'succeeds') expect(told).toMatch(/^ {4}up: exit code 0/m);
      else {
        expect(told).toMatch(ends.fails);
        expect(told.match(/^ {4}up.*: exit code (?!0 )\d+/gm)).toHaveLength(ends.times ?? 1);
      }
    });
  });

  it('takes a second release with a migration under load, and loses no request', async () => {
    checkout.write(
      'migrations/9001_topic.up.sql',
      '-- slipway: phase=expand reversible=yes\nALTER TABLE conversations ADD COLUMN topic text;\n',
    );
    checkout.write(
      'migrations/9001_topic.down.sql',
      'ALTER TABLE conversations DROP COLUMN topic;\n',
    );
    const { up, load } = await releaseUnderLoad();
    expect(up.code, up.output).toBe(0);
    console.log(`a release with a migration: ${up.seconds.toFixed(0)} s; ${loadLine(load)}`);
    expect(up.output).toMatch(/applying 9001_topic … done/);
    expect(load).toMatchObject({ failed: 0, faults: {} });
    expect(load.sent).toBeGreaterThan(100);
    expect((await health()).release).toBe((await dev.outputs())['release']);
    expect((await health()).release).not.toBe(first);
  });

  it('steps back to the first release under load, leaves its migration applied, and loses no request', async () => {
    checkout.delete('migrations/9001_topic.up.sql');
    checkout.delete('migrations/9001_topic.down.sql');
    const { up, load } = await releaseUnderLoad();
    expect(up.code, up.output).toBe(0);
    console.log(`a step back: ${up.seconds.toFixed(0)} s; ${loadLine(load)}`);
    expect(up.output).toContain(
      'does not carry 9001_topic (expand, reversible): they stay applied',
    );
    const refused = await make('rehearse', { FAULT: 'migration-fails' });
    expect(refused.code).not.toBe(0);
    expect(refused.output).toContain('A step back has left 9001_topic in the database');
    expect(load).toMatchObject({ failed: 0, faults: {} });
    expect(load.sent).toBeGreaterThan(100);
    expect((await health()).release).toBe(first);
  });

  it('goes away without leaving anything, and has nothing to do the second time', async () => {
    const { code, output, seconds } = await make('rehearse-down');
    expect(code, output).toBe(0);
    console.log(`make rehearse-down: ${seconds.toFixed(0)} s`);
    const listed =
      /the emulator lists:\n((?: {6}.*\n)+)/.exec(output)?.[1]?.trim().split(/\n */) ?? [];
    expect(listed.map((line) => line.replace(/^[^:]*: /, ''))).toEqual(listed.map(() => 'none'));
    expect(listed).toHaveLength(7);
    const left = await docker.listContainers({
      all: true,
      filters: { name: ['ministack', 'slipway-emulator'] },
    });
    expect(left.map(({ Names }) => Names)).toEqual([]);
    const { Volumes } = await docker.listVolumes();
    expect(Volumes.map(({ Name }) => Name).filter((name) => name.startsWith('ministack'))).toEqual(
      [],
    );
    const names = (await docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []);
    expect(names.filter((name) => /^127\.0\.0\.1:4566\/|:fault-/.test(name))).toEqual([]);
    expect(checkout.changes()).toBe('');
    const again = await make('rehearse-down');
    expect(again.code, again.output).toBe(0);
    expect(again.output).toContain('There is no emulator.');
  });
});
