import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'policy-'));
const stack = 'policy-test';

/**
 * A program with one container as it should be and one as it should not. Nothing is ever made of
 * it.
 */
const program = `
import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
const migrations = new pulumi.ComponentResource('slipway:index:MigrationRun', 'migrations');
new random.RandomId('run', { byteLength: 4 }, { parent: migrations });
const common = { image: 'nginx:1.28', readOnly: true, user: 'nginx', memory: 64, memorySwap: 64 };
const good = new docker.Container('good', {
  ...common,
  capabilities: { drops: ['ALL'] },
  securityOpts: ['no-new-privileges:true'],
  envs: ['PORT=3000', pulumi.secret('SERVICE_TOKEN=hunter1')],
  ports: [{ internal: 80, external: 21590, ip: '127.0.0.1' }],
}, { dependsOn: [migrations] });
const bad = new docker.Container('bad', {
  ...common,
  privileged: true,
  securityOpts: ['no-new-privileges:true'],
  envs: ['SERVICE_TOKEN=hunter2'],
  ports: [{ internal: 80, external: 21591 }],
  volumes: [{ hostPath: '/var/run/docker.sock', containerPath: '/var/run/docker.sock' }],
});
new pulumi.ComponentResource('slipway:index:Rollout', 'rollout', {}, { dependsOn: [good, bad] });
`;

function pulumi(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    join(root, 'node_modules/.bin/pulumi'),
    [...args, '--non-interactive'],
    {
      cwd: folder,
      encoding: 'utf8',
      env: {
        ...process.env,
        NO_COLOR: '1',
        PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`,
        PULUMI_BACKEND_URL: `file://${folder}/state`,
        PULUMI_CONFIG_PASSPHRASE: 'test',
        PULUMI_SKIP_UPDATE_CHECK: 'true',
        SLIPWAY_STACK_FILE: join(folder, `Pulumi.${stack}.yaml`),
      },
    },
  );
  return { code: status, output: stdout + stderr };
}

function preview() {
  const { code, output } = pulumi(
    'preview',
    '--stack',
    stack,
    '--policy-pack',
    join(root, 'infra/policy'),
  );
  /** The report of the pack: level, rule and resource. */
  const found = [
    ...output.matchAll(
      /- \[(mandatory|advisory)\](?: \[severity: \w+\])? {2}([\w-]+) {2}\((?:[\w:/]+: )?([\w-]+)\)/g,
    ),
  ];
  return {
    code,
    output,
    violations: found.map(([, level, rule, name]) => `${level} ${rule} ${name}`).sort(),
  };
}

function configure(...exceptions: object[]): void {
  writeFileSync(
    join(folder, `Pulumi.${stack}.yaml`),
    JSON.stringify({ config: { 'small:policyExceptions': exceptions } }),
  );
}

beforeAll(() => {
  mkdirSync(join(folder, 'state'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(
    join(folder, 'Pulumi.yaml'),
    'name: small\nmain: index.ts\nruntime: { name: nodejs, options: { typescript: false } }\n',
  );
  writeFileSync(join(folder, 'index.ts'), program);
  const { code, output } = pulumi('stack', 'init', stack);
  if (code !== 0) throw new Error(output);
});
afterAll(() => rmSync(folder, { recursive: true }));

const ofTheBad = [
  'mandatory docker-drop-capabilities bad',
  'mandatory docker-loopback-ports bad',
  'mandatory docker-no-engine-socket bad',
  'mandatory docker-no-plain-secrets bad',
  'mandatory docker-not-privileged bad',
  'mandatory release-after-migrations bad',
];

describe('a preview with the policy pack', { timeout: 180_000 }, () => {
  it('fails for what the bad container does, and for nothing else', () => {
    configure();
    const { code, output, violations } = preview();
    expect(violations, output).toEqual(ofTheBad);
    expect(code).not.toBe(0);
    expect(output).toContain(
      'port 80 is published on 0.0.0.0\n          → Set ip of the port to 127.0.0.1',
    );
    expect(output).not.toMatch(/hunter/);
  });

  it('lets pass what an exception names, and fails again on the day after', () => {
    const exceptions = ofTheBad.map((line) => ({
      rule: line.split(' ')[1],
      resource: 'b*',
      reason: 'a test',
    }));
    configure(...exceptions.map((exception) => ({ ...exception, until: '2999-12-31' })));
    const held = preview();
    expect(held.violations, held.output).toEqual([]);
    expect(held.code).toBe(0);

    configure(...exceptions.map((exception) => ({ ...exception, until: '2020-12-31' })));
    const expired = preview();
    expect(expired.violations).toEqual(ofTheBad);
    expect(expired.code).not.toBe(0);
    expect(expired.output).toContain('The exception for it (a test) expired on 2020-12-31');
  });

  it('reports exceptions that do not hold or are of no use, without failing for them', () => {
    configure(
      ...ofTheBad.map((line) => ({
        rule: line.split(' ')[1],
        resource: 'bad',
        reason: 'a test',
        until: '2999-12-31',
      })),
      { rule: 'docker-memory-limit', resource: 'bad', reason: 'never needed', until: '2999-12-31' },
      { rule: 'docker-memory-limit', resource: 'good', until: '2999-12-31' },
    );
    const { code, output, violations } = preview();
    expect(code, output).toBe(0);
    expect(violations).toEqual([
      'advisory exceptions small-policy-test',
      'advisory exceptions small-policy-test',
    ]);
    expect(output).toContain(
      'has an exception to docker-memory-limit for bad, which lets nothing pass',
    );
    expect(output).toContain('slipway:policyExceptions[7] gives no reason; it does not hold');
  });
});
