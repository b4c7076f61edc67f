import { expect, it } from 'vitest';
import { sourceHash } from './origin.ts';

it('is the same for the same sources, and another one with another version', () => {
  const patterns = ['random/*.ts', 'go.ts'];
  expect(sourceHash(patterns, '1')).toBe(sourceHash(patterns, '1'));
  expect(sourceHash(patterns, '1')).not.toBe(sourceHash(patterns, '2'));
});

it('refuses a pattern that finds nothing, so that sources which move are not left out', () => {
  expect(() => sourceHash(['random/*.ts', '../moved.ts'])).toThrow('There is no ../moved.ts in');
});
