import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Checkout } from './support/checkout.ts';
import { startLoad } from '../toolchain/rehearsal/faults/load.ts';
import { Stack } from './support/stack.ts';

// One stack; each test goes on from the one before.
const checkout = Checkout.create();
const stack = new Stack(checkout, { basePort: 18500, replicas: 1 });
const migration = 'migrations/0090_subject';
const breaking =
  '-- slipway: phase=contract reversible=yes\nALTER TABLE conversations RENAME COLUMN title TO subject;\n';
const compatible =
  '-- slipway: phase=expand reversible=yes\nALTER TABLE conversations ADD COLUMN subject text;\n';

const release = async () => (await stack.api<{ release: string }>('GET', '/health')).body.release;
const ids = async () =>
  (await stack.containers())
    .filter(({ State }) => State === 'running')
    .map(({ Id }) => Id)
    .sort();
const columns = async () =>
  (
    await stack.sql(
      'select table_name || chr(46) || column_name from information_schema.columns order by 1',
    )
  )
    .filter((column) => column.startsWith('conversations.'))
    .map((column) => column.slice('conversations.'.length));

/** Runs `make up` under a running loop of requests. */
async function upUnderLoad() {
  const load = startLoad(`http://127.0.0.1:${stack.port}`);
  const up = await stack.make('up');
  return { up, load: await load.stop() };
}

beforeAll(async () => {
  const { code, output } = await stack.make('up');
  expect(code, output).toBe(0);
  // Nothing was deployed before.
  expect(output).not.toContain('works on the new schema');
});
afterAll(async () => {
  await stack.clear();
  checkout.remove();
});

describe('a release whose schema the deployed version cannot live with', () => {
  beforeAll(() => {
    checkout.write(`${migration}.up.sql`, breaking);
    checkout.write(
      `${migration}.down.sql`,
      'ALTER TABLE conversations RENAME COLUMN subject TO title;\n',
    );
  });

  it('is not tried by a preview', async () => {
    const before = await ids();
    const { code, output } = await stack.pulumi('preview');
    expect(code, output).toBe(0);
    expect(output).not.toMatch(/does not work on the schema|works on the new schema/);
    expect(await ids()).toEqual(before);
  });

  it('is refused before anything is touched, with the check that failed and what to do', async () => {
    const [serving, before, schema] = [await release(), await ids(), await columns()];
    const { up, load } = await upUnderLoad();
    expect(up.code).not.toBe(0);
    expect(up.output).toContain('does not work on the schema of this release');
    expect(up.output).toMatch(
      /a conversation is started: expected POST \/api\/conversations to answer 201; got 500/,
    );
    expect(up.output).toContain('Pending: 0090_subject');
    expect(up.output).toContain(`pulumi config set --stack ${stack.name} compatibilityCheck false`);
    expect(up.output).toContain(`Still serving release ${serving}`);
    expect(load).toMatchObject({ failed: 0, releases: new Set([serving]) });
    expect(await ids()).toEqual(before);
    expect(await columns()).toEqual(schema);
    expect(await stack.containers('compatibility-check')).toEqual([]);
    expect(await stack.sql('select name from slipway_migrations')).not.toContain('0090_subject');
  });
});

describe('a release whose schema it can live with', () => {
  it('passes, and is applied', async () => {
    checkout.write(`${migration}.up.sql`, compatible);
    checkout.write(`${migration}.down.sql`, 'ALTER TABLE conversations DROP COLUMN subject;\n');
    const before = await release();
    const { up, load } = await upUnderLoad();
    expect(up.code, up.output).toBe(0);
    expect(up.output).toContain(
      `the deployed version ${before.slice(0, 19)} works on the new schema`,
    );
    console.log(/it passes its \d+ checks there \([0-9.]+ s\)/.exec(up.output)?.[0]);
    expect(load.failed).toBe(0);
    expect(await columns()).toContain('subject');
    expect(await release()).not.toBe(before);
    expect(await stack.containers('compatibility-check')).toEqual([]);
  });
});

describe('with compatibilityCheck: false', () => {
  it('a release that would be refused goes through unchecked', async () => {
    const off = 'replicas: "1"\n  slipway:compatibilityCheck: "false"';
    checkout.edit(`Pulumi.${stack.name}.yaml`, 'replicas: "1"', off);
    checkout.write('migrations/0091_topic.up.sql', breaking.replace('subject', 'topic'));
    checkout.write(
      'migrations/0091_topic.down.sql',
      'ALTER TABLE conversations RENAME COLUMN topic TO title;\n',
    );
    const { code, output } = await stack.make('up');
    expect(code, output).toBe(0);
    expect(output).not.toContain('works on the new schema');
    expect(await columns()).toContain('topic');
  });
});
