import { describe, expect, it } from 'vitest';
import { Exceptions } from './exceptions.ts';

const urn =
  'urn:pulumi:prod::slipway::slipway:docker:Service$docker:index/container:Container::api-0';
const finding = { rule: 'docker-memory-limit', urn, message: 'memory is not limited' };
const entry = {
  rule: 'docker-memory-limit',
  resource: 'api-0',
  reason: 'a load test',
  until: '2030-06-30',
};
const exceptions = (raw: unknown, today = '2030-06-01') =>
  new Exceptions(raw, ['docker-memory-limit', 'elb-https'], today);
const decides = (resource: string) =>
  exceptions([{ ...entry, resource }]).decide(finding) !== undefined;

describe('an exception', () => {
  it('lets a violation pass until its last day', () => {
    expect(exceptions([entry], '2030-06-30').decide(finding)).toMatchObject({ expired: false });
    expect(exceptions([entry], '2030-07-01').decide(finding)).toMatchObject({ expired: true });
  });

  it.each(['2030-06-30T00:00:00Z', '2030-06-30 00:00:00 +0000 UTC'])(
    'takes a day as Pulumi writes it back: %s',
    (until) => {
      const list = exceptions([{ ...entry, until }], '2030-07-01');
      expect(list.decide(finding)).toMatchObject({
        expired: true,
        exception: { until: '2030-06-30' },
      });
    },
  );

  it('is for one rule', () => {
    expect(exceptions([{ ...entry, rule: 'elb-https' }]).decide(finding)).toBeUndefined();
  });

  it('names a resource by its name, by the end of its URN, or by a pattern', () => {
    expect(decides('api-0')).toBe(true);
    expect(decides('api-*')).toBe(true);
    expect(decides('docker:index/container:Container::api-0')).toBe(true);
    expect(decides('docker:index/container:Container::*')).toBe(true);
  });

  it('does not mean a resource whose name only ends like it', () => {
    expect(decides('0')).toBe(false);
    expect(decides('pi-0')).toBe(false);
    expect(decides('api')).toBe(false);
    expect(decides('api.0')).toBe(false);
  });

  it('counts the one that still holds when another one for the same has expired', () => {
    expect(exceptions([{ ...entry, until: '2030-01-01' }, entry]).decide(finding)).toMatchObject({
      expired: false,
    });
  });
});

describe('the list of exceptions', () => {
  it.each([
    [{ ...entry, reason: undefined }, 'gives no reason'],
    [{ ...entry, reason: '  ' }, 'gives no reason'],
    [{ ...entry, until: undefined }, 'has no end date'],
    [{ ...entry, until: 'soon' }, 'has no end date'],
    [{ ...entry, until: '2030-02-30' }, 'has no end date'],
    [{ ...entry, resource: undefined }, 'names no resource'],
    [{ ...entry, rule: 'elb-http' }, 'names the rule elb-http, which does not exist'],
    ['docker-memory-limit', 'is no object'],
  ])('reports a faulty entry, which does not hold: %j', (raw, message) => {
    const list = exceptions([raw]);
    expect(list.decide(finding)).toBeUndefined();
    expect(list.faults()).toEqual([
      expect.stringContaining(`slipway:policyExceptions[0] ${message}`),
    ]);
  });

  it('reports what is no list', () => {
    expect(exceptions('none').faults()).toEqual([expect.stringContaining('is not a list')]);
    expect(exceptions(undefined).faults()).toEqual([]);
  });

  it('reports an entry that lets nothing pass, once all has been judged', () => {
    const list = exceptions([entry]);
    expect(list.faults()).toEqual([expect.stringContaining('lets nothing pass')]);
    list.decide(finding);
    expect(list.faults()).toEqual([]);
  });

  it('keeps an entry for something that cannot be judged yet', () => {
    const list = exceptions([entry]);
    list.keep(finding);
    expect(list.faults()).toEqual([]);
  });
});
