import { describe, expect, it } from 'vitest';
import { EngineLog } from '../protocol/engineLog.ts';
import { disbelief } from '../../receipt/verification.ts';
import type { Receipt } from '../../release/rollout.ts';
import { RolloutError } from './rolloutError.ts';
import { RolloutHandler } from './rolloutHandler.ts';

const urn = 'urn:pulumi:prod::slipway::slipway:index:Rollout::rollout';
const signal = new AbortController().signal;
const release = (digit: number) => `sha256:${String(digit).repeat(64)}`;
const seed = Buffer.alloc(32, 1).toString('base64');
const ecsInputs = (digit: number, over: object = {}) => ({
  release: release(digit),
  routes: [],
  timeoutSeconds: 60,
  signing: { stack: 'slipway/prod', seed },
  targets: [
    {
      service: 'api',
      name: 'prod-api',
      taskDefinition: `arn:aws:ecs:x:1:task-definition/api:${digit}`,
    },
  ],
  runner: {
    kind: 'ecs',
    region: 'eu-central-1',
    cluster: 'prod',
    repoDigest: `sha256:${digit}`,
    ...over,
  },
});

type Outs = { receipts: Receipt[]; signer: string };

/**
 * A handler whose rollouts end as they are told; `previous` says what each got as the state before.
 */
function handler(
  run: () => Promise<void> = () => Promise.resolve(),
  publish?: (receipt: Receipt, released: string[]) => Promise<void>,
) {
  const previous: unknown[] = [];
  const it = new RolloutHandler(new EngineLog(''), (inputs, last) => {
    previous.push(last?.targets);
    return Promise.resolve({
      run,
      instances: [`api:${inputs.release.at(-1)}`],
      ...(publish && { publish }),
    });
  });
  return { it, previous };
}

describe('a rollout in the state', () => {
  it('is published with its proof once it serves, and names what else may be gone back to', async () => {
    const published: [Receipt, string[]][] = [];
    const { it: rollouts } = handler(undefined, (...args) =>
      Promise.resolve(void published.push(args)),
    );
    const first = (await rollouts.create(urn, ecsInputs(1), signal)).outs as Outs;
    const { receipts } = (await rollouts.update(urn, first, ecsInputs(2), signal)).outs as Outs;
    expect(published).toEqual([
      [receipts[1], [release(1)]],
      [receipts[0], [release(2), release(1)]],
    ]);
  });

  it('that did not serve is not published, and one that could not be is a release all the same', async () => {
    let published = 0;
    const count = () => Promise.reject(new Error(`the registry is away ${++published}`));
    const bad = handler(() => Promise.reject(new Error('no')), count).it;
    await expect(bad.create(urn, ecsInputs(1), signal)).rejects.toThrow();
    expect(published).toBe(0);
    const { receipts } = (await handler(undefined, count).it.create(urn, ecsInputs(1), signal))
      .outs as Outs;
    expect([published, receipts[0]?.release]).toEqual([1, release(1)]);
  });

  it('keeps a receipt of each release that served, newest first, with its digest in the registry', async () => {
    const { it: rollouts, previous } = handler();
    const first = (await rollouts.create(urn, ecsInputs(1), signal)).outs as Outs;
    const { receipts } = (await rollouts.update(urn, first, ecsInputs(2), signal)).outs as Outs;
    expect(
      receipts.map((receipt) => [receipt.release, receipt.repoDigest, receipt.instances]),
    ).toEqual([
      [release(2), 'sha256:2', ['api:2']],
      [release(1), 'sha256:1', ['api:1']],
    ]);
    expect(previous).toEqual([undefined, ecsInputs(1).targets]);
  });

  it('signs its receipts with a key that no output names, and again with another key', async () => {
    const { it: rollouts } = handler();
    const outs = (await rollouts.create(urn, ecsInputs(1), signal)).outs as Outs;
    const [receipt] = outs.receipts;
    const verified = { ...receipt!, stack: 'slipway/prod' };
    expect(disbelief(receipt?.attestation, verified, [outs.signer])).toBeUndefined();
    expect(JSON.stringify(outs)).not.toContain(seed);
    const other = { stack: 'slipway/prod', seed: Buffer.alloc(32, 2).toString('base64') };
    const same = await rollouts.diff(urn, outs, ecsInputs(1));
    const changed = await rollouts.diff(urn, outs, { ...ecsInputs(1), signing: other });
    expect([same.changes, changed.changes]).toEqual([false, true]);
  });

  it('is what served last, and the error says so, when a release fails', async () => {
    const outs = (await handler().it.create(urn, ecsInputs(1), signal)).outs as Outs;
    const failing = handler(() => Promise.reject(new Error('api: tasks failed to start.'))).it;
    await expect(failing.update(urn, outs, ecsInputs(2), signal)).rejects.toThrow(
      'The rollout of sha256:222222222222 failed: api: tasks failed to start.\nThe release before, sha256:111111111111, goes on serving.',
    );
    await expect(failing.create(urn, ecsInputs(1), signal)).rejects.toThrow(
      /\nNo release serves yet\.$/,
    );
  });

  it('promises nothing when the way back failed', async () => {
    const outs = (await handler().it.create(urn, ecsInputs(1), signal)).outs as Outs;
    const failing = handler(() =>
      Promise.reject(new RolloutError('not steady.', 'Going back failed.')),
    ).it;
    await expect(failing.update(urn, outs, ecsInputs(2), signal)).rejects.toThrow(
      /not steady\.\nGoing back failed\.$/,
    );
  });

  it('is another one with another revision, and the same one however AWS is reached', async () => {
    const { it: rollouts } = handler();
    const outs = (await rollouts.create(urn, ecsInputs(1), signal)).outs as Outs;
    const changes = async (news: object) => (await rollouts.diff(urn, outs, news)).changes;
    expect(
      await changes(ecsInputs(1, { profile: 'ops', endpoints: { ecs: 'http://127.0.0.1:4566' } })),
    ).toBe(false);
    expect(await changes({ ...ecsInputs(1), timeoutSeconds: 600 })).toBe(false);
    expect(await changes({ ...ecsInputs(1), targets: ecsInputs(2).targets })).toBe(true);
    expect(await changes(ecsInputs(1, { cluster: 'other' }))).toBe(true);
    expect(await changes({ ...ecsInputs(1), targets: [] })).toBe(true);
  });
});
