import {
  DescribeTaskDefinitionCommand,
  ECSClient,
  ListTaskDefinitionsCommand,
} from '@aws-sdk/client-ecs';
import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  PutRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Sbom } from '../../app/sbom.ts';
import { findImage } from '../../infra/docker-engine/imageIdentity.ts';
import { bundleType, open, type Envelope } from '../../infra/receipt/envelope.ts';
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
  return pulumiAfter('', ...args);
}

/** @param first what the shell does before */
function pulumiAfter(first: string, ...args: string[]): Promise<Finished> {
  const script = `eval "$(make --no-print-directory env STACK=${stack})" && ${first} exec npx pulumi "$@"`;
  const command = ['bash', '-c', script, 'pulumi', ...args, '--stack', stack, '--non-interactive'];
  return run(command, { cwd: checkout.root, seconds: 600 });
}

const outputs = async () =>
  JSON.parse((await pulumi('stack', 'output', '--json')).stdout) as Record<string, string>;
const health = async () => (await (await fetch(`${url}/health`)).json()) as { release: string };

/**
 * Releases to dev, and then dev's image to the rehearsal, under a running loop of requests to that.
 *
 * @param take how the rehearsal gets it: a promotion reviews first, which takes its time
 */
async function releaseUnderLoad(
  take: () => Promise<Finished>,
): Promise<{ up: Finished; load: LoadReport }> {
  checkout.commit();
  const verified = await dev.make('up');
  expect(verified.code, verified.output).toBe(0);
  const load = startLoad(url, { clients: 2, pauseMs: 20, paths: ['/health', '/health/ready'] });
  const up = await take();
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

  it('has beside the image in the registry the proof of its release, signed, and the list of its packages', async () => {
    const [registry = '', digest = ''] = String((await outputs())['imageReference']).split('@');
    const [host = '', ...name] = registry.split('/');
    const repository = `http://${host}/v2/${name.join('/')}`;
    const json = async <T>(path: string) =>
      (await (await fetch(`${repository}/${path}`)).json()) as T;
    const { manifests } = await json<{ manifests: { artifactType: string; digest: string }[] }>(
      `referrers/${digest}`,
    );
    const attached = async <T>(type: string) => {
      const found = manifests.filter(({ artifactType }) => artifactType === type);
      expect(found).toHaveLength(1);
      const { layers } = await json<{ layers: { digest: string }[] }>(
        `manifests/${found[0]?.digest}`,
      );
      return json<T>(`blobs/${layers[0]?.digest}`);
    };
    const { dsseEnvelope } = await attached<{ dsseEnvelope: Envelope }>(bundleType);
    const key = (await make('history', { STACK: stack, ARGS: '--key' })).stdout;
    const [, signer = ''] = /^-+BEGIN PUBLIC KEY-+\n(.*)\n-+END/m.exec(key) ?? [];
    expect(open(dsseEnvelope, [signer])).toMatchObject({
      subject: [
        { digest: { sha256: first.replace('sha256:', '') } },
        { digest: { sha256: digest.replace('sha256:', '') } },
      ],
      predicate: { verificationResult: 'PASSED', verifier: { id: `slipway:slipway/${stack}` } },
    });
    const { components } = await attached<Sbom>('application/vnd.cyclonedx+json');
    const packages = components.map(({ purl }) => purl.replace(/@[^@]*$/, ''));
    expect(packages).toEqual(expect.arrayContaining(['pkg:npm/express', 'pkg:deb/debian/libc6']));
    const { tags } = await json<{ tags: string[] }>('tags/list');
    expect(tags).toContain(`released-${first.replace(':', '-')}`);
  });

  it('can be previewed where no Docker engine is: the registry has the image and its migrations', async () => {
    const nowhere = 'export DOCKER_HOST=unix:///var/run/no-engine.sock;';
    const preview = await pulumiAfter(nowhere, 'preview', '--diff', '--expect-no-changes');
    expect(preview.code, preview.output).toBe(0);
  });

  it('finds what was changed behind Pulumi’s back, and changes nothing itself', async () => {
    const settled = await make('drift', { STACK: stack });
    expect(settled.code, settled.output).toBe(0);
    const logs = new CloudWatchLogsClient(emulatorClient);
    const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({}));
    const group = logGroups.find(({ retentionInDays }) => retentionInDays !== undefined);
    const logGroupName = group?.logGroupName ?? '';
    const keep = (retentionInDays = 1) =>
      logs.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays }));
    await keep(3653);
    const drift = await make('drift', { STACK: stack });
    await keep(group?.retentionInDays);
    expect(drift.code).not.toBe(0);
    expect(drift.stdout).toMatch(/drift: 1 changed by hand[^]*retentionInDays/);
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

  it('is promoted a second release with a migration under load, and loses no request', async () => {
    checkout.write(
      'migrations/9001_topic.up.sql',
      '-- slipway: phase=expand reversible=yes\nALTER TABLE conversations ADD COLUMN topic text;\n',
    );
    checkout.write(
      'migrations/9001_topic.down.sql',
      'ALTER TABLE conversations DROP COLUMN topic;\n',
    );
    const { up, load } = await releaseUnderLoad(() =>
      make('promote', { FROM: dev.name, TO: stack, CONFIRM: stack }),
    );
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
    const { up, load } = await releaseUnderLoad(() => make('up', { STACK: stack }));
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
