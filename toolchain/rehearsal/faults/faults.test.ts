import { expect, test } from 'vitest';
import { chooseFaults, faults } from './faults.ts';

test('chooses no fault, one, several in their order, or all', () => {
  const names = (text: string | undefined) => chooseFaults(text).map(({ name }) => name);
  expect(names(undefined)).toEqual([]);
  expect(names('')).toEqual([]);
  expect(names('crash-loop')).toEqual(['crash-loop']);
  expect(names('never-ready, migration-fails')).toEqual(['migration-fails', 'never-ready']);
  expect(names('all')).toEqual(faults.map(({ name }) => name));
});

test('refuses a fault that there is not, and lists those that there are', () => {
  expect(() => chooseFaults('crash-loop,meteorite')).toThrow('There is no fault meteorite.');
  expect(() => chooseFaults('meteorite')).toThrow(
    expect.objectContaining({
      next: expect.stringMatching(/^ {2}crash-loop +the new version crashes/m) as string,
    }) as Error,
  );
});

test('names every fault once', () => {
  expect(new Set(faults.map(({ name }) => name)).size).toBe(faults.length);
});
