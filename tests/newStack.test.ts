import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { labelKeys } from '../infra/docker-engine/labels.ts';
import { Checkout } from './support/checkout.ts';
import { docker, Stack } from './support/stack.ts';

const checkout = Checkout.create();
const stack = new Stack(checkout, { basePort: 19200, replicas: 1 });
const make = (name: string, variables: Record<string, string> = {}) =>
  stack.make('new-stack', { NAME: name, ...variables });

afterAll(async () => {
  if (existsSync(join(checkout.root, 'Pulumi.pr-43.yaml')))
    await stack.make('destroy', { STACK: 'pr-43', CONFIRM: 'pr-43' });
  await stack.clear();
  checkout.remove();
});

describe('the file of a new stack', () => {
  it('is as its template, with ports that no other file names, and can be previewed', async () => {
    const { code, output } = await make('pr-42', { TEMPLATE: stack.name });
    expect(code, output).toBe(0);
    const text = checkout.read('Pulumi.pr-42.yaml');
    expect(text).toContain('slipway:replicas: "1"');
    const ports = [...text.matchAll(/Port: "(\d+)"/g)].map(([, port]) => port);
    expect(new Set([...ports, '8000', '15432', '9464', '19200']).size).toBe(7);
    const preview = await stack.make('preview', { STACK: 'pr-42', REPORT: 'json' });
    expect(preview.code, preview.output).toBe(0);
    const again = await make('pr-42', { TEMPLATE: stack.name });
    expect(again.code).not.toBe(0);
    expect(again.output).toContain('There is a Pulumi.pr-42.yaml already, and it stays as it is.');
    expect(checkout.read('Pulumi.pr-42.yaml').replace(/^encryptionsalt.*\n/m, '')).toBe(text);
  });

  it('has a time to live, after which it is swept away with its data and its file; another stays', async () => {
    const wrong = await make('pr-43', { TEMPLATE: stack.name, TTL: 'soon' });
    expect(wrong.code).not.toBe(0);
    expect(wrong.output).toContain('TTL=soon is no time to live');
    const { code, output } = await make('pr-43', { TEMPLATE: 'pr-42', TTL: '3d' });
    expect(code, output).toBe(0);
    const [, expires = ''] = /expires: "(\S+)"/.exec(checkout.read('Pulumi.pr-43.yaml')) ?? [];
    expect((Date.parse(expires) - Date.now()) / 3_600_000).toBeCloseTo(72, 0);
    const up = await stack.make('up', { STACK: 'pr-43' });
    expect(up.code, up.output).toBe(0);
    const early = await stack.make('sweep');
    expect(early.output).toContain('No stack of this checkout is past its time');
    checkout.edit('Pulumi.pr-43.yaml', expires, '2026-01-01T00:00:00Z');
    const late = await stack.make('sweep');
    expect(late.code, late.output).toBe(0);
    expect(late.output).toContain('Stack pr-43 is gone.');
    const filters = { label: [`${labelKeys.stack}=pr-43`, `${labelKeys.root}=${checkout.root}`] };
    expect(await docker.listContainers({ all: true, filters })).toEqual([]);
    expect((await docker.listVolumes({ filters })).Volumes ?? []).toEqual([]);
    const files = ['Pulumi.pr-43.yaml', 'Pulumi.pr-42.yaml'];
    expect(files.map((file) => existsSync(join(checkout.root, file)))).toEqual([false, true]);
  });

  it('for AWS holds what was answered, and nothing is written before all of it is right', async () => {
    const wrong = await make('stage', { PLATFORM: 'aws', ACCOUNT: '12', COST: 'huge' });
    expect(wrong.code).not.toBe(0);
    expect(wrong.output).toContain('slipway:awsAccountId: must be the 12 digits');
    expect(wrong.output).toContain('slipway:cost: must be one of lean, standard, ha');
    const unanswered = await make('stage', { PLATFORM: 'aws' });
    expect(unanswered.output).toContain('Say it in the command: ACCOUNT=…');
    expect(existsSync(join(checkout.root, 'Pulumi.stage.yaml'))).toBe(false);
    const right = {
      PLATFORM: 'aws',
      ACCOUNT: '123456789012',
      COST: 'lean',
      DOMAIN: 'a.example.com',
    };
    const { code, output } = await make('stage', right);
    expect(code, output).toBe(0);
    expect(checkout.read('Pulumi.stage.yaml')).toBe(
      [
        'config:',
        '  aws:region: eu-central-1',
        '  slipway:platform: aws',
        '  slipway:awsAccountId: "123456789012"',
        '  slipway:cost: lean',
        '  slipway:domain: a.example.com',
        '',
      ].join('\n'),
    );
  });

  it.each([
    [{ NAME: 'Big' }, /it must be lower-case letters/],
    [{ NAME: '../x' }, /is not a stack's name/],
    [{ NAME: 'x1', PLATFORM: 'gcp' }, /slipway:platform: must be one of docker, aws/],
    [{ NAME: 'x1', TEMPLATE: 'prod' }, /TEMPLATE=prod is no stack on Docker/],
    [{ NAME: 'x1', TEMPLATE: 'none' }, /TEMPLATE=none is no stack on Docker/],
  ])('is not written for %j', async (variables, reason) => {
    const { code, output } = await stack.make('new-stack', variables);
    expect(code).not.toBe(0);
    expect(output).toMatch(reason);
    expect(existsSync(join(checkout.root, 'Pulumi.x1.yaml'))).toBe(false);
  });
});
