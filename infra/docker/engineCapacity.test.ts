import { describe, expect, it } from 'vitest';
import { memoryWarning, requireCapacity } from './engineCapacity.ts';

const defaults = { apiCpus: 1, apiMemoryMb: 512, replicas: 2 };

describe('an engine', () => {
  it('with one core and 4 GiB takes a stack with the defaults', () => {
    const engine = { cpus: 1, memoryMb: 4096 };
    expect(() => requireCapacity(defaults, engine)).not.toThrow();
    expect(memoryWarning(defaults, engine)).toBeUndefined();
  });

  it('with less than an instance asks for is told with every key, before anything is registered', () => {
    expect(() =>
      requireCapacity({ apiCpus: 4, apiMemoryMb: 9000 }, { cpus: 2, memoryMb: 8000 }),
    ).toThrow(
      /Nothing was changed:\n.*slipway:apiCpus: is 4, but this Docker engine has 2\..*\n.*slipway:apiMemoryMb: is 9000/,
    );
  });

  it('that could run out of memory during a release is warned of', () => {
    expect(memoryWarning(defaults, { cpus: 2, memoryMb: 2048 })).toMatch(/may use 3136 MiB/);
  });
});
