import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Checkout } from './support/checkout.ts';
import { Stack } from './support/stack.ts';

// One stack verifies, the other gets what it has verified; each test goes on from the one before.
const checkout = Checkout.create();
const dev = new Stack(checkout, { basePort: 18800, replicas: 1, config: { seed: 'false' } });
const stage = new Stack(checkout, {
  basePort: 18900,
  replicas: 1,
  config: { build: 'false', seed: 'false' },
});
const entry = 'app/src/main.ts';
const stageFile = `Pulumi.${stage.name}.yaml`;
const withoutSalt = (text: string) => text.replace(/^encryptionsalt:.*\n/m, '');

const promote = (more: Record<string, string> = { CONFIRM: stage.name }) =>
  stage.make('promote', { STACK: stage.name, FROM: dev.name, TO: stage.name, ...more });
const serves = async (stack: Stack) =>
  (await stack.api<{ release: string }>('GET', '/health')).body.release;
const change = (what: string) =>
  checkout.write(entry, `${checkout.read(entry)}\nprocess.env['CHANGE'] = '${what}';\n`);
const release = async (what: string) => {
  change(what);
  checkout.commit();
  const { code, output } = await dev.make('up');
  expect(code, output).toBe(0);
  return serves(dev);
};

beforeAll(async () => {
  const { code, output } = await dev.make('up');
  expect(code, output).toBe(0);
});
afterAll(async () => {
  await dev.clear();
  await stage.clear();
  checkout.remove();
});

describe('a promotion', () => {
  let first: string;
  let second: string;

  it('without an answer changes nothing, and shows what it would', async () => {
    const before = checkout.read(stageFile);
    const { code, output } = await promote({});
    expect(code).not.toBe(0);
    expect(output).toContain('It was not confirmed, and nothing was done.');
    expect(output).toMatch(/\d+ migrations to apply/);
    expect(withoutSalt(checkout.read(stageFile))).toBe(before);
    expect(await stage.containers()).toEqual([]);
  });

  it('brings the very image that was verified to the other stack, and builds nothing', async () => {
    first = await serves(dev);
    const { code, output } = await promote();
    expect(code, output).toBe(0);
    expect(output).not.toContain('RemoteImage');
    expect(await serves(stage)).toBe(first);
    expect(checkout.read(stageFile)).toContain(`slipway:image: ${first}`);
    checkout.commit();
  });

  it('has nothing to do the second time', async () => {
    const { code, output } = await promote();
    expect(code, output).toBe(0);
    expect(output).toContain('already; nothing was done');
  });

  it('is refused where the receipt was changed, or is signed by a key that is not trusted', async () => {
    const state = `.slipway/state/.pulumi/stacks/slipway/${dev.name}.json`;
    const [asItWas, file] = [checkout.read(state), checkout.read(stageFile)];
    const at = /"receipts":\s*\[\s*\{\s*"at":\s*"([^"]+)"/.exec(asItWas)?.[1] ?? '';
    expect(at).toMatch(/^20/);
    checkout.write(state, asItWas.replaceAll(at, '2099-01-01T00:00:00.000Z'));
    const changed = await promote();
    checkout.write(state, asItWas);
    expect(changed.code).not.toBe(0);
    expect(changed.output).toContain(`verified ${first.slice(0, 19)} at ${at}`);

    const key = `MCowBQYDK2VwAyEA${'A'.repeat(43)}=`;
    checkout.write(
      stageFile,
      `${file.replace('config:\n', `config:\n  slipway:promoteKeys: ["${key}"]\n`)}`,
    );
    const untrusted = await promote();
    checkout.write(stageFile, file);
    expect(untrusted.code).not.toBe(0);
    expect(untrusted.output).toContain('its receipt was signed by another key');
    expect((await promote()).output).toContain('already; nothing was done');
  });

  it('is refused where the source is not committed, or is another', async () => {
    change('not committed');
    const dirty = await promote();
    expect(dirty.code).not.toBe(0);
    expect(dirty.output).toContain(`its source is not committed: ${entry}`);
    checkout.commit();
    const other = await promote();
    expect(other.code).not.toBe(0);
    expect(other.output).not.toContain('not committed:');
    expect(other.output).toContain('built from another source');
    expect(await serves(stage)).toBe(first);
  });

  it('takes the next release, and steps back to the one before', async () => {
    second = await release('the second release');
    expect(second).not.toBe(first);
    const next = await promote();
    expect(next.code, next.output).toBe(0);
    expect(await serves(stage)).toBe(second);

    const author = execFileSync('git', ['log', '-1', '--format=%an'], { cwd: checkout.root });
    const table = (await stage.make('history')).stdout;
    expect(table).toMatch(new RegExp(`${first} .*${String(author).trim()} [0-9a-f]{7,} .*signed`));
    const listed = await stage.make('history', { ARGS: '--json' });
    const receipts = JSON.parse(listed.stdout.trim().split('\n').at(-1) ?? '') as {
      release: string;
    }[];
    expect(receipts.map(({ release }) => release)).toEqual([second, first]);

    const back = await stage.make('rollback', { CONFIRM: stage.name });
    expect(back.code, back.output).toBe(0);
    expect(await serves(stage)).toBe(first);
    expect(checkout.read(stageFile)).toContain(`slipway:image: ${first}`);
  });

  it('is refused after an update that failed, and the other stack serves on', async () => {
    const good = checkout.read(entry);
    checkout.write(entry, `if (process.argv[2] === 'serve') process.exit(7);\n${good}`);
    checkout.commit();
    expect((await dev.make('up')).code).not.toBe(0);
    const before = checkout.read(stageFile);
    const { code, output } = await promote();
    expect(code).not.toBe(0);
    expect(output).toContain('its last update ended with "failed"');
    expect(checkout.read(stageFile)).toBe(before);
    expect(await serves(stage)).toBe(first);
  });

  it('is refused to a stack that builds, and to itself', async () => {
    const builds = await dev.make('promote', { FROM: stage.name, TO: dev.name });
    expect(builds.output).toContain('builds its own image');
    const itself = await dev.make('promote', { FROM: dev.name, TO: dev.name });
    expect(itself.output).toContain('from one stack to another');
    expect([builds.code, itself.code]).not.toContain(0);
  });
});
