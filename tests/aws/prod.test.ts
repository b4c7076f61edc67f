import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { DescribeRepositoriesCommand, ECRClient } from '@aws-sdk/client-ecr';
import { ECSClient, ListClustersCommand, ListTasksCommand } from '@aws-sdk/client-ecs';
import { DescribeLoadBalancersCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emulatorEndpoint, emulatorState } from '../../toolchain/emulator/emulator.ts';
import { emulatorRegion } from '../../toolchain/emulator/guard.ts';
import { emulatorDown } from '../../toolchain/verbs/emulator.ts';
import { Checkout } from '../support/checkout.ts';
import { run, type Finished } from '../support/run.ts';
import { docker } from '../support/stack.ts';

const client = {
  endpoint: emulatorEndpoint,
  region: emulatorRegion,
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
};
const ecs = new ECSClient(client);
const checkout = Checkout.create();
const stack = 'rehearsal';
let url = '';

const make = (verb: string, ...settings: string[]) =>
  run(['make', '--no-print-directory', verb, `STACK=${stack}`, ...settings], { cwd: checkout.root, seconds: 850 });

/** Plain pulumi, as in a shell with the stack's `make env`. */
function pulumi(...args: string[]): Promise<Finished> {
  const script = `eval "$(make --no-print-directory env STACK=${stack})" && exec npx pulumi "$@"`;
  const command = ['bash', '-c', script, 'pulumi', ...args, '--stack', stack, '--non-interactive'];
  return run(command, { cwd: checkout.root, seconds: 600 });
}

const health = async () => (await (await fetch(`${url}/health`)).json()) as { release: string };
const tasks = async (cluster: string) => (await ecs.send(new ListTasksCommand({ cluster }))).taskArns ?? [];

beforeAll(async () => {
  // What an earlier run left there would be in the way.
  await emulatorDown();
});
afterAll(async () => {
  await make('destroy', `CONFIRM=${stack}`);
  await emulatorDown();
  checkout.remove();
});

// In this order: each step stands on the one before it.
describe('the prod program on the emulator', () => {
  it('comes up: image pushed by digest, migrations run as a task, the service proven, the policy pack content', async () => {
    const up = await make('up');
    expect(up.code, up.output).toBe(0);
    console.log(`make up: ${up.seconds} s; ${/\+ \d+ created/.exec(up.output)?.[0]}`);
    expect(up.output).toMatch(/applying 0001_users … done/);
    expect(up.output).toContain('the new release serves');
    expect(up.output).toMatch(/^Policies:\n.*slipway@v/m);
    expect(up.output).not.toContain('[mandatory]');
    const outputs = JSON.parse((await pulumi('stack', 'output', '--json')).stdout) as Record<string, string>;
    url = outputs['url'] ?? '';
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:4566\/_alb\//);
    expect(outputs['imageReference']).toMatch(/^127\.0\.0\.1:4566\/slipway-rehearsal\/app@sha256:[0-9a-f]{64}$/);
    expect((await health()).release).toBe(outputs['imageId']);
  });

  it('serves the API through the load balancer: it passes its own checks', async () => {
    const command = [process.execPath, 'app/src/main.ts', 'smoke', url, '--json'];
    const { code, stdout, output } = await run(command, { cwd: checkout.root, seconds: 120 });
    expect(code, output).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ failed: 0, skipped: 0 });
  });

  it('has no change afterwards, and no drift', async () => {
    const preview = await pulumi('preview', '--diff', '--expect-no-changes');
    expect(preview.code, preview.output).toBe(0);
    const refresh = await pulumi('refresh', '--yes', '--skip-preview', '--diff', '--expect-no-changes');
    expect(refresh.code, refresh.output).toBe(0);
    const again = await pulumi('preview', '--diff', '--expect-no-changes');
    expect(again.code, again.output).toBe(0);
  });

  it('shows no secret in its state, outputs or task definitions', async () => {
    const shown = (await pulumi('stack', 'export', '--show-secrets')).stdout;
    const secrets = [...shown.matchAll(/"plaintext": "\\"([A-Za-z0-9+/=_:.-]{24,})\\""/g)].map(
      ([, value = '']) => value,
    );
    expect(secrets.length).toBeGreaterThan(5);
    const plain = (await pulumi('stack', 'export')).stdout + (await pulumi('stack', 'output', '--json')).stdout;
    for (const secret of new Set(secrets)) expect(plain.includes(secret), 'a secret in plain text').toBe(false);
  });

  it('takes a second release with a migration under load; the emulator asks no target whether it listens, no other request is lost', async () => {
    const before = (await health()).release;
    checkout.write(
      'migrations/0005_topic.up.sql',
      '-- slipway: phase=expand reversible=yes\nALTER TABLE conversations ADD COLUMN topic text;\n',
    );
    checkout.write('migrations/0005_topic.down.sql', 'ALTER TABLE conversations DROP COLUMN topic;\n');
    const load = { sent: 0, failed: [] as string[], stop: false };
    const asking = (async () => {
      while (!load.stop) {
        load.sent++;
        const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(10_000) }).catch(String);
        const fault = typeof answer === 'string' ? answer : answer.ok ? '' : `${answer.status} ${await answer.text()}`;
        if (fault) load.failed.push(fault);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    const up = await make('up');
    load.stop = true;
    await asking;
    expect(up.code, up.output).toBe(0);
    console.log(`a release with a migration: ${up.seconds} s; ${load.sent} requests, ${load.failed.length} failed`);
    expect(up.output).toMatch(/applying 0005_topic … done/);
    // On AWS the load balancer waits for a target's health check; the emulator sends requests as soon as a task is started.
    expect(load.failed.filter((fault) => !/^502 .*Target \S+ connect error/.test(fault))).toEqual([]);
    expect((await health()).release).not.toBe(before);
  });

  it('goes away without leaving anything', async () => {
    const { code, output } = await make('destroy', `CONFIRM=${stack}`);
    expect(code, output).toBe(0);
    const { clusterArns } = await ecs.send(new ListClustersCommand({}));
    const { Vpcs } = await new EC2Client(client).send(new DescribeVpcsCommand({}));
    const { DBInstances } = await new RDSClient(client).send(new DescribeDBInstancesCommand({}));
    const { repositories } = await new ECRClient(client).send(new DescribeRepositoriesCommand({}));
    const { logGroups } = await new CloudWatchLogsClient(client).send(new DescribeLogGroupsCommand({}));
    const { LoadBalancers } = await new ElasticLoadBalancingV2Client(client).send(new DescribeLoadBalancersCommand({}));
    expect({
      clusters: clusterArns,
      vpcs: Vpcs?.filter(({ IsDefault }) => !IsDefault).map(({ VpcId }) => VpcId),
      databases: DBInstances,
      repositories,
      logGroups: logGroups?.map(({ logGroupName }) => logGroupName),
      loadBalancers: LoadBalancers,
      containers: (await emulatorState(docker)).started.map(({ Names }) => Names),
    }).toEqual({
      clusters: [],
      vpcs: [],
      databases: [],
      repositories: [],
      logGroups: [],
      loadBalancers: [],
      containers: [],
    });
    for (const cluster of clusterArns ?? []) expect(await tasks(cluster)).toEqual([]);
  });
});
