import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../toolchain/report/report.ts';
import { Checkout } from './support/checkout.ts';
import { Stack } from './support/stack.ts';

// Each test goes on from the one before.
const checkout = Checkout.create();
const stack = new Stack(checkout, { basePort: 19100, replicas: 1, config: { seed: 'false' } });
const plan = 'plan.json';
const migration = 'migrations/9001_topics.up.sql';

const ids = async () => (await stack.containers()).map(({ Id }) => Id);
const report = async (verb: 'preview' | 'drift') => {
  const { code, stdout, output } = await stack.make(verb, { REPORT: 'json' });
  return { code, output, report: JSON.parse(stdout) as Report };
};

beforeAll(async () => {
  const { code, output } = await stack.make('up');
  expect(code, output).toBe(0);
});
afterAll(async () => {
  await stack.clear();
  checkout.remove();
});

describe('a review', () => {
  it('reports a release with its migration, and nothing that is secret', async () => {
    checkout.write(
      migration,
      '-- slipway: phase=expand reversible=yes\nCREATE TABLE topics (id uuid PRIMARY KEY);\n',
    );
    checkout.write('migrations/9001_topics.down.sql', 'DROP TABLE topics;\n');
    const { code, stdout, output } = await stack.make('preview', { REPORT: 'md', PLAN: plan });
    expect(code, output).toBe(0);
    expect(stdout).toMatch(/^## [\w-]+: 1 migration; a new release; /);
    expect(stdout).toContain('CREATE TABLE topics');
    const secrets = await stack.outputs();
    for (const text of [stdout, readFileSync(join(checkout.root, plan), 'utf8')])
      for (const secret of [String(secrets['databaseUrl']), String(secrets['demoPassword'])])
        expect(text).not.toContain(secret);
  });

  it('refuses an update that is no longer what was reviewed, by name, and touches nothing', async () => {
    const before = await ids();
    const reviewed = checkout.read(migration);
    checkout.write(migration, `${reviewed}CREATE TABLE more (id uuid PRIMARY KEY);\n`);
    const { code, output } = await stack.make('up', { PLAN: plan });
    expect(code).not.toBe(0);
    expect(output).toContain('is not what was reviewed; nothing was done');
    expect(output).toMatch(/- app-image: .*name.* differs/);
    expect(output).toContain('- migrations: 9001_topics reviewed, 9001_topics now');
    expect(await ids()).toEqual(before);
    checkout.write(migration, reviewed);
  });

  it('refuses a plan that was made for another stack, or is none', async () => {
    checkout.write(
      'other.json',
      readFileSync(join(checkout.root, plan), 'utf8').replace(
        `"stack": "${stack.name}"`,
        '"stack": "prod"',
      ),
    );
    const other = await stack.make('up', { PLAN: 'other.json' });
    expect(other.code).not.toBe(0);
    expect(other.output).toContain('is a plan for stack prod');
    const none = await stack.make('up', { PLAN: 'package.json' });
    expect(none.code).not.toBe(0);
    expect(none.output).toContain('package.json is not a plan that can be read');
    checkout.write(
      'other.json',
      checkout.read(plan).replace('CREATE TABLE topics', 'CREATE TABLE tropics'),
    );
    const changed = await stack.make('up', { PLAN: 'other.json' });
    expect(changed.output).toContain('or was changed: its hash is another');
  });

  it('lets the very update pass', async () => {
    const { code, output } = await stack.make('up', { PLAN: plan });
    expect(code, output).toBe(0);
    expect(output).toContain('as reviewed: 1 migration; a new release');
    expect((await report('preview')).report).toMatchObject({ headline: 'no change', changes: [] });
  });

  it('finds what was changed behind Pulumi’s back, and nothing where nothing was', async () => {
    expect(await report('drift')).toMatchObject({ code: 0, report: { headline: 'no drift' } });
    const valkey = (await stack.containers('valkey'))[0]?.Id ?? '';
    execFileSync('docker', ['update', '--memory', '300m', '--memory-swap', '300m', valkey]);
    const { code, report: found } = await report('drift');
    expect(code).not.toBe(0);
    expect(found.headline).toBe('drift: 1 changed by hand');
    expect(found.changes).toMatchObject([
      { name: 'valkey', operation: 'update', properties: [{ path: 'memory', after: '300' }, {}] },
    ]);
  });
});
