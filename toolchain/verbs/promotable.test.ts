import { describe, expect, it } from 'vitest';
import { seedSigner } from '../../infra/receipt/signer.ts';
import { attest } from '../../infra/receipt/verification.ts';
import { promotable, type Candidate } from './promotable.ts';
import { earlier } from './promote.ts';

const seed = Buffer.alloc(32, 1).toString('base64');
const signer = seedSigner(seed).publicKey;
const release = `sha256:${'a'.repeat(64)}`;
const now = Date.parse('2026-11-27T12:00:00Z');
const receipt = async (at: string) => ({
  release,
  instances: ['api-0'],
  at,
  attestation: await attest({ stack: 'slipway/dev', release, at }, seedSigner(seed)),
});
const [recent, old] = await Promise.all(
  ['2026-11-26T12:00:00Z', '2026-10-27T11:00:00Z'].map(receipt),
);
if (!recent || !old) throw new Error('no receipts');
const good: Candidate = {
  from: 'dev',
  releases: {
    receipts: [recent],
    signer,
    lastUpdate: 'succeeded',
    built: 'slipway-dev:0123456789abcdef',
  },
  busy: false,
  checkout: 'slipway-dev:0123456789abcdef',
  trusted: [],
  uncommitted: [],
  maxAgeDays: 30,
};
const releases = (more: Partial<NonNullable<Candidate['releases']>>) => ({
  releases: { ...good.releases!, ...more },
});

describe('a release that was verified', () => {
  it('may go on', () => {
    expect(promotable(good, now)).toBe(release);
  });

  it('may go on from a stack that builds none, whatever the checkout holds', () => {
    const candidate = { ...good, ...releases({ built: undefined }), checkout: undefined };
    expect(promotable(candidate, now)).toBe(release);
  });

  it.each<[string, Partial<Candidate>, RegExp]>([
    ['no stack', { releases: undefined }, /There is no stack dev/],
    ['no release that served', releases({ receipts: [] }), /No release of stack dev has served/],
    ['a failed update', releases({ lastUpdate: 'failed' }), /last update ended with "failed"/],
    [
      'a receipt without a signature',
      releases({ receipts: [{ ...recent, attestation: undefined }] }),
      /its receipt is not signed/,
    ],
    [
      'a receipt that was made younger by hand',
      releases({ receipts: [{ ...recent, at: '2026-11-27T11:00:00Z' }] }),
      /its receipt was changed/,
    ],
    [
      'a key that the other stack does not trust',
      { trusted: ['b3RoZXI='] },
      /signed by another key/,
    ],
    ['an update that runs', { busy: true }, /an update of it is running/],
    [
      '31 days',
      {
        maxAgeDays: 30,
        ...releases({ receipts: [old] }),
      },
      /more than 30 days ago/,
    ],
    [
      'a receipt without a date',
      releases({ receipts: [{ release, instances: [], at: 'once' }] }),
      /more than 30 days/,
    ],
    ['a dirty tree', { uncommitted: ['app/src/api.ts'] }, /not committed: app\/src\/api\.ts/],
    [
      'another source',
      { checkout: 'slipway-dev:fedcba9876543210' },
      /another source \(slipway-dev:0123456789abcdef\)/,
    ],
  ])('may not with %s', (_what, change, reason) => {
    expect(() => promotable({ ...good, ...change }, now)).toThrow(reason);
  });

  it('is told every reason at once', () => {
    const bad = {
      ...good,
      uncommitted: ['app'],
      busy: true,
      ...releases({ lastUpdate: 'failed' }),
    };
    expect(() => promotable(bad, now)).toThrow(/running[^]*"failed"|"failed"[^]*running/);
    expect(() => promotable(bad, now)).toThrow(/not committed/);
  });
});

describe('the release to go back to', () => {
  const of = (...digits: string[]) =>
    digits.map((digit) => ({ release: `sha256:${digit.repeat(64)}` }));

  it('is the one before that which serves, or the one named', () => {
    expect(earlier(of('c', 'c', 'b', 'a'), '')).toBe(of('b')[0]!.release);
    expect(earlier(of('c', 'b', 'a'), 'sha256:aaaa')).toBe(of('a')[0]!.release);
    expect(earlier(of('c', 'b', 'a'), 'aaaa')).toBe(of('a')[0]!.release);
  });

  it.each([
    ['there is none', of('c', 'c'), ''],
    ['it serves', of('c', 'b'), 'cccc'],
    ['it is unknown', of('c', 'b'), 'dddd'],
    [
      'the name fits more than one',
      [...of('c'), { release: 'sha256:ab' }, { release: 'sha256:ac' }],
      'a',
    ],
  ])('is refused where %s', (_what, receipts, to) => {
    expect(() => earlier(receipts, to)).toThrow(/No earlier release/);
  });
});
