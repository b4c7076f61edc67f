import { describe, expect, it } from 'vitest';
import { fargateFault, smallestFargateSize } from './fargateSize.ts';
import { costs, createProfile } from './profile.ts';

describe('a Fargate size', () => {
  it.each([
    [0.25, 512],
    [0.5, 4096],
    [1, 2048],
    [4, 30720],
    [8, 20480],
    [16, 122880],
  ])('%d vCPU with %d MiB is one', (cpus, memoryMb) => {
    expect(fargateFault(cpus, memoryMb)).toBeUndefined();
  });

  it.each([
    [0.25, 768],
    [0.5, 512],
    [1, 9216],
    [8, 17408],
    [3, 8192],
  ])('%d vCPU with %d MiB is none', (cpus, memoryMb) => {
    expect(fargateFault(cpus, memoryMb)).toBeDefined();
  });

  it('is the smallest that has enough, for a task nobody sized', () => {
    expect(smallestFargateSize(0.25, 256)).toEqual({ cpu: 256, memoryMb: 512 });
    expect(smallestFargateSize(0.3, 600)).toEqual({ cpu: 512, memoryMb: 1024 });
    expect(smallestFargateSize(0.25, 3000)).toEqual({ cpu: 512, memoryMb: 3072 });
    expect(smallestFargateSize(32, 512)).toBeUndefined();
  });
});

describe.each(costs)('the profile %s', (cost) => {
  const profile = createProfile({ cost });

  it('has tasks of a size that Fargate offers', () => {
    expect(fargateFault(profile.tasks.cpus, profile.tasks.memoryMb)).toBeUndefined();
  });

  it('has a second cache node exactly when one is to take over', () => {
    expect(profile.cache.multiAz).toBe(profile.cache.nodes > 1);
  });

  it('scales at least as far as it was told to start', () => {
    expect(createProfile({ cost, replicas: 20 }).tasks).toMatchObject({ min: 20, max: 20 });
    expect(createProfile({ cost, replicas: 1 }).tasks.max).toBe(profile.tasks.max);
  });

  it('keeps backups', () => {
    expect(profile.database.backupDays).toBeGreaterThanOrEqual(7);
  });
});
