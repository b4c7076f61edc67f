import { describe, expect, it } from 'vitest';
import { unknown, UnknownValue, Value } from './value.ts';

const value = (raw: unknown) => new Value(raw);

describe('a value', () => {
  it('reads through blocks, whether written as an object or as a list of one', () => {
    expect(
      value({ a: { b: true } })
        .get('a.b')
        .flag(),
    ).toBe(true);
    expect(
      value({ a: [{ b: true }] })
        .get('a.b')
        .flag(),
    ).toBe(true);
    expect(value({}).get('a.b').flag()).toBeUndefined();
    expect(value({ a: null }).get('a').isSet).toBe(false);
  });

  it('takes flags and numbers as text', () => {
    expect(value('true').flag()).toBe(true);
    expect(value('false').flag()).toBe(false);
    expect(value('7').number()).toBe(7);
    expect(value('seven').number()).toBeUndefined();
    expect(value('').number()).toBeUndefined();
  });

  it('takes one item as a list', () => {
    expect(value('a').texts()).toEqual(['a']);
    expect(value(['a', 'b']).texts()).toEqual(['a', 'b']);
    expect(value(undefined).list()).toEqual([]);
  });

  it('reads JSON text and leaves an object as it is', () => {
    expect(value('[{"name":"api"}]').json().list()[0]?.get('name').text()).toBe('api');
    expect(
      value([{ name: 'api' }])
        .json()
        .list(),
    ).toHaveLength(1);
    expect(value('{ no json').json().isSet).toBe(false);
  });

  it('throws with its path when it is not known yet, and only when it is read', () => {
    const bag = value({ a: [{ b: unknown }, { b: 1 }], c: unknown });
    expect(bag.get('a').list()).toHaveLength(2);
    expect(() => bag.get('a').list()[0]?.get('b').text()).toThrow(new UnknownValue('a[0].b'));
    expect(bag.get('a').list()[1]?.get('b').number()).toBe(1);
    expect(() => bag.get('c.d').text()).toThrow(UnknownValue);
    expect(bag.get('c').isUnknown).toBe(true);
  });

  it.each(['flag', 'number', 'text', 'list', 'texts', 'entries', 'json'] as const)(
    'is unknown to %s',
    (read) => {
      expect(() => value(unknown)[read]()).toThrow(UnknownValue);
    },
  );
});
