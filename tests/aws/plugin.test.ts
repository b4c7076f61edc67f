import { ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emulatorState } from '../../toolchain/rehearsal/emulator/emulator.ts';
import { emulatorClient } from '../../toolchain/pulumi/emulatorGuard.ts';
import { setUp } from '../../toolchain/setup/all.ts';
import { ensureEmulator } from '../../toolchain/verbs/emulator.ts';
import { docker } from '../support/stack.ts';
import { Proof } from './support/proof.ts';

const proof = new Proof();

beforeAll(async () => {
  await setUp({ aws: true });
  await ensureEmulator();
  const made = await proof.pulumi(['stack', 'init']);
  expect(made.code, made.output).toBe(0);
});

afterAll(async () => {
  await proof.pulumi(['destroy', '--yes', '--skip-preview']);
  proof.remove();
});

// In this order: each step stands on the one before it.
describe('a production-like stack on the emulator', () => {
  it('comes up', async () => {
    const { code, output } = await proof.pulumi(['up', '--yes', '--skip-preview']);
    expect(code, output).toBe(0);
    const outputs = JSON.parse(
      (await proof.pulumi(['stack', 'output', '--json'])).stdout,
    ) as Record<string, unknown>;
    expect(outputs).toMatchObject({
      region: 'eu-central-1',
      account: '000000000000',
      bucketRegion: 'eu-central-1',
      vpcRegion: 'eu-central-1',
      serviceArn: expect.stringMatching(/^arn:aws:ecs:eu-central-1:.*:service\//) as string,
      secretArn: expect.stringMatching(/^arn:aws:secretsmanager:/) as string,
      alarmName: expect.stringMatching(/^errors-[0-9a-f]{7}$/) as string,
      loadBalancer: expect.stringMatching(/^public-[0-9a-f]{7}$/) as string,
    });
  });

  it('keeps its secrets encrypted in the state', async () => {
    const shown = (await proof.pulumi(['stack', 'export', '--show-secrets'])).stdout;
    const password = /"plaintext": "\\"([A-Za-z0-9]{24})\\""/.exec(shown)?.[1];
    expect(password).toBeDefined();
    expect((await proof.pulumi(['stack', 'export'])).stdout).not.toContain(password);
  });

  it('has no change afterwards', async () => {
    const { code, output } = await proof.pulumi(['preview', '--diff', '--expect-no-changes']);
    expect(code, output).toBe(0);
  });

  it('has no drift', async () => {
    const { code, output } = await proof.pulumi([
      'refresh',
      '--yes',
      '--skip-preview',
      '--diff',
      '--expect-no-changes',
    ]);
    expect(code, output).toBe(0);
    const again = await proof.pulumi(['preview', '--diff', '--expect-no-changes']);
    expect(again.code, again.output).toBe(0);
  });

  it('shows drift that is one', async () => {
    const { serviceArn } = JSON.parse(
      (await proof.pulumi(['stack', 'output', '--json'])).stdout,
    ) as {
      serviceArn: string;
    };
    const client = new ECSClient(emulatorClient);
    const cluster = serviceArn.split('/')[1];
    await client.send(new UpdateServiceCommand({ cluster, service: serviceArn, desiredCount: 2 }));
    const { output } = await proof.pulumi(['refresh', '--preview-only', '--diff']);
    expect(output).toMatch(/desiredCount: 1 => 2/);
    await client.send(new UpdateServiceCommand({ cluster, service: serviceArn, desiredCount: 1 }));
  });

  it('refuses an input that the provider does not know, by name', async () => {
    const { code, output } = await proof.pulumi(['preview'], { PROOF_UNKNOWN: '1' });
    expect(code).not.toBe(0);
    expect(output).toContain(
      'aws:cloudwatch/logGroup:LogGroup: region: not known to the Terraform AWS provider',
    );
  });

  it('refuses an automatic name that is too long, before it makes anything', async () => {
    const { code, output } = await proof.pulumi(['preview'], { PROOF_LONG_NAME: '1' });
    expect(code).not.toBe(0);
    expect(output).toMatch(/cannot be longer than 32 characters/);
  });

  it('goes without a trace', async () => {
    const { code, output } = await proof.pulumi(['destroy', '--yes', '--skip-preview']);
    expect(code, output).toBe(0);
    const { started } = await emulatorState(docker);
    // A stopped task stays for its log.
    expect(
      started.filter(({ Labels }) => Labels['ministack'] !== 'ecs').map(({ Names }) => Names),
    ).toEqual([]);
    expect(started.filter(({ State }) => State === 'running').map(({ Names }) => Names)).toEqual(
      [],
    );
  });
});
