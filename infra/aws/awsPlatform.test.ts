import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Registered } from '../test-support/registered.ts';
import { billedItems, profilesFile } from '../../toolchain/report/cost.ts';
import { costs, type Cost } from '../config/profile.ts';
import { resourceTable } from './test-support/resourceTable.ts';
import { renderStack } from './test-support/renderStack.ts';

const stacks = {} as Record<Cost, Registered>;
let emulated: Registered;

beforeAll(async () => {
  for (const cost of costs) stacks[cost] = await renderStack({ cost });
  emulated = await renderStack({
    awsEndpoint: 'http://127.0.0.1:4566',
    registryHost: '127.0.0.1:4566',
  });
}, 240_000);

describe('a stack on AWS', () => {
  it('is made of the resources that docs/aws-resources.md lists for each profile', async () => {
    await expect(resourceTable(stacks)).toMatchFileSnapshot(
      join(import.meta.dirname, '../../docs/aws-resources.md'),
    );
  });

  it('is billed for what `make cost` prices for each profile', async () => {
    const items = Object.fromEntries(costs.map((cost) => [cost, billedItems(stacks[cost].all)]));
    await expect(`${JSON.stringify(items, null, 2)}\n`).toMatchFileSnapshot(profilesFile);
  });

  it.each(costs)(
    'of profile %s refuses every account but its own, and tags what it makes',
    (cost) => {
      const provider = stacks[cost].inputs('pulumi:providers:aws', 'aws');
      expect(provider).toMatchObject({ region: 'eu-central-1' });
      expect(JSON.parse(provider['allowedAccountIds'] as string)).toEqual(['123456789012']);
      expect(JSON.parse(provider['defaultTags'] as string)).toEqual({
        tags: {
          'dev.slipway.project': 'slipway',
          'dev.slipway.stack': 'prod',
          'dev.slipway.managed-by': 'pulumi',
        },
      });
      expect(provider['endpoints']).toBeUndefined();
    },
  );

  it.each(costs)('of profile %s has no resource outside that provider’s reach', (cost) => {
    const foreign = stacks[cost].all
      .map(({ type }) => type)
      .filter((type) => !/^(aws|slipway|random|pulumi):/.test(type));
    expect(foreign).toEqual([]);
  });

  it.each(costs)('of profile %s shows no secret in any plain input', (cost) => {
    for (const { type, name, inputs } of stacks[cost].all) {
      // Secret ones arrive wrapped.
      const plain = JSON.stringify(inputs, (_key, value: unknown) =>
        isSecret(value) ? '[secret]' : value,
      );
      expect(plain, `${type} ${name}`).not.toMatch(/generated-secret|Z2VuZXJhdGVkLXNlY3JldA/);
    }
  });
});

describe('a stack on an emulator', () => {
  it('asks the emulator alone', () => {
    const provider = emulated.inputs('pulumi:providers:aws', 'aws');
    const [endpoints] = JSON.parse(provider['endpoints'] as string) as [Record<string, string>];
    expect(new Set(Object.values(endpoints))).toEqual(new Set(['http://127.0.0.1:4566']));
    const elsewhere = {
      ecs: 'http://127.0.0.1:4566',
      logs: 'http://127.0.0.1:4566',
      elbv2: 'http://127.0.0.1:4566',
    };
    for (const type of ['slipway:index:MigrationRun', 'slipway:index:Rollout']) {
      const inputs = emulated.ofType(type)[0]?.inputs ?? {};
      expect(inputs['runner']).toMatchObject({ endpoints: elsewhere });
    }
    expect(emulated.inputs('slipway:index:Rollout', 'rollout')['runner']).toMatchObject({
      url: 'http://127.0.0.1:4566/_alb/gateway-physical',
    });
    expect(emulated.inputs('slipway:index:ImagePush', 'registry-push')['registry']).toMatchObject({
      host: '127.0.0.1:4566',
      endpoint: 'http://127.0.0.1:4566',
    });
  });

  it('trusts the emulator’s certificates, which no stack on AWS does', () => {
    const environment = (stack: Registered) =>
      stack
        .ofType('aws:ecs/taskDefinition:TaskDefinition')
        .map(({ inputs }) => inputs['containerDefinitions'] as string);
    for (const text of environment(emulated))
      expect(text).toContain('NODE_TLS_REJECT_UNAUTHORIZED');
    for (const cost of costs) {
      for (const text of environment(stacks[cost]))
        expect(text).not.toContain('NODE_TLS_REJECT_UNAUTHORIZED');
    }
  });

  it('has none of what the emulator lacks', () => {
    expect(emulated.ofType('aws:appautoscaling/target:Target')).toEqual([]);
  });
});

function isSecret(value: unknown): boolean {
  return typeof value === 'object' && value !== null && '4dabf18193072939515e22adb298388d' in value;
}
