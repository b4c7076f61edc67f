import { describe, expect, it } from 'vitest';
import { transformed, type Transform } from './transform.ts';

interface Args {
  size: number;
  name?: string;
}
const apply = (transform?: Transform<Args>) =>
  transformed<Args>(transform, 'network-vpc', { size: 1 }, {});

describe('a transform', () => {
  it('leaves a resource as it is when there is none', () => {
    expect(apply()).toEqual(['network-vpc', { size: 1 }, {}]);
  });

  it('given as an object, replaces the properties it names', () => {
    expect(apply({ name: 'mine' })[1]).toEqual({ size: 1, name: 'mine' });
    expect(apply({ size: 2 })[1]).toEqual({ size: 2 });
  });

  it('given as a function, changes properties and options in place, or returns new ones', () => {
    const [, args, opts] = apply((args, opts, name) => {
      args.name = name;
      opts.protect = true;
    });
    expect(args).toEqual({ size: 1, name: 'network-vpc' });
    expect(opts).toEqual({ protect: true });
    expect(apply(() => ({ size: 3 }))[1]).toEqual({ size: 3 });
  });

  it('does not change what the component was given', () => {
    const opts = { protect: false };
    transformed<Args>((_, own) => void (own.protect = true), 'vpc', { size: 1 }, opts);
    expect(opts.protect).toBe(false);
  });
});
