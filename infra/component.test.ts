import * as pulumi from '@pulumi/pulumi';
import { describe, expect, it } from 'vitest';
import { Component, type ChildOptions } from './component.ts';
import { Registered } from './test-support/registered.ts';

interface Args {
  size: number;
  name?: string;
}

/** Keeps what it was made with. */
class Part extends pulumi.ComponentResource {
  readonly made: [name: string, args: Args, opts: pulumi.CustomResourceOptions];

  constructor(name: string, args: Args, opts: pulumi.CustomResourceOptions = {}) {
    super('test:index:Part', name, {}, opts);
    this.made = [name, args, opts];
  }
}

class Network extends Component {
  readonly part: Part;

  constructor(role: string, args: Args, options?: ChildOptions<Args>) {
    super('test:index:Network', 'network');
    this.part = this.child(Part, role, args, options);
  }
}

/** A network with one part, and how that part was registered. */
async function network(role: string, options?: ChildOptions<Args>, args: Args = { size: 1 }) {
  let made: Network | undefined;
  const { all } = await Registered.by(() => void (made = new Network(role, args, options)));
  if (!made) throw new Error('no network was made');
  const [name, given, { parent, ...opts }] = made.part.made;
  return { name, args: given, opts, belongs: parent === made, registered: all.at(-1) };
}

describe('a child of a component', () => {
  it('is named after the component and its role, and has the component as its parent', async () => {
    const { name, belongs, registered } = await network('vpc');
    expect(name).toBe('network-vpc');
    expect(belongs).toBe(true);
    expect(registered).toMatchObject({
      urn: expect.stringMatching(/test:index:Network\$test:index:Part::network-vpc$/) as unknown,
    });
  });

  it('without a role has the component’s own name', async () => {
    expect((await network('')).name).toBe('network');
  });

  it('keeps the options that it is given', async () => {
    expect((await network('vpc', { protect: true })).opts).toEqual({ protect: true });
  });
});

describe('a transform', () => {
  it('leaves a resource as it is when there is none', async () => {
    const { name, args, opts } = await network('vpc');
    expect([name, args, opts]).toEqual(['network-vpc', { size: 1 }, {}]);
  });

  it('given as an object, replaces the properties it names', async () => {
    const named = await network('vpc', { transform: { name: 'mine' } });
    expect(named.args).toEqual({ size: 1, name: 'mine' });
    expect((await network('vpc', { transform: { size: 2 } })).args).toEqual({ size: 2 });
  });

  it('given as a function, changes properties and options in place, or returns new ones', async () => {
    const { args, opts } = await network('vpc', {
      transform: (args, opts, name) => {
        args.name = name;
        opts.protect = true;
      },
    });
    expect(args).toEqual({ size: 1, name: 'network-vpc' });
    expect(opts).toEqual({ protect: true });
    expect((await network('vpc', { transform: () => ({ size: 3 }) })).args).toEqual({ size: 3 });
  });

  it('does not change what the component was given', async () => {
    const args = { size: 1 };
    const options: ChildOptions<Args> = {
      protect: false,
      transform: (own, opts) => {
        own.size = 2;
        opts.protect = true;
      },
    };
    const changed = await network('vpc', options, args);
    expect([changed.args, changed.opts]).toEqual([{ size: 2 }, { protect: true }]);
    expect(args).toEqual({ size: 1 });
    expect(options.protect).toBe(false);
  });
});
