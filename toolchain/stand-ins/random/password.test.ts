import { describe, expect, it } from 'vitest';
import { password, passwordFaults } from './password.ts';

describe('password', () => {
  it('has the length and only the characters asked for', () => {
    expect(password({ length: 40, special: false })).toMatch(/^[A-Za-z0-9]{40}$/);
    expect(password({ length: 12, lower: false, upper: false, special: false })).toMatch(
      /^[0-9]{12}$/,
    );
    expect(
      password({ length: 8, lower: false, upper: false, numeric: false, overrideSpecial: '_' }),
    ).toBe('________');
  });

  it('takes `number` as the older name of `numeric`', () => {
    expect(password({ length: 60, number: false, special: false })).toMatch(/^[A-Za-z]{60}$/);
  });

  it('holds the minimum of each class, and does not put them in front', () => {
    const made = Array.from({ length: 200 }, () =>
      password({ length: 20, minNumeric: 3, minSpecial: 3, minUpper: 3, minLower: 3 }),
    );
    for (const text of made) {
      expect(text.replace(/[^0-9]/g, '').length).toBeGreaterThanOrEqual(3);
      expect(text.replace(/[A-Za-z0-9]/g, '').length).toBeGreaterThanOrEqual(3);
    }
    expect(made.some((text) => !/^[a-z]{3}/.test(text))).toBe(true);
  });

  it('gives every character the same chance', () => {
    const counts = new Map<string, number>();
    for (const character of password({ length: 62_000, special: false }))
      counts.set(character, (counts.get(character) ?? 0) + 1);
    expect(counts.size).toBe(62);
    // 1,000 expected of each; six standard deviations are 190.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(190);
  });
});

describe('passwordFaults', () => {
  it('names the property to mend', () => {
    expect(passwordFaults({ length: 0 })).toEqual([
      { property: 'length', reason: 'must be a whole number of 1 or more' },
    ]);
    expect(passwordFaults({ length: 4, minLower: 3, minUpper: 2 })[0]?.property).toBe('length');
    expect(passwordFaults({ length: 9, minUpper: -1 })[0]?.property).toBe('minUpper');
    expect(
      passwordFaults({ length: 9, lower: false, upper: false, numeric: false, special: false }),
    ).toHaveLength(1);
    expect(passwordFaults({ length: 9 })).toEqual([]);
  });
});
