import type * as pulumi from '@pulumi/pulumi';

/**
 * The escape hatch of every AWS component: changes what one underlying resource is registered with.
 * Applied last, so it wins over the component's own choice, security defaults included.
 *
 * - An object replaces the properties it names: `{ enableDnsSupport: false }`.
 * - A function may change `args` and `opts` in place, or return the new args. It sees the logical
 *   name too, so that one transform tells the subnets of a network apart.
 */
export type Transform<A extends object> =
  | Partial<A>
  | ((args: A, opts: pulumi.CustomResourceOptions, name: string) => A | undefined | void);

/**
 * What a resource's constructor takes, after the transform:
 * `new Vpc(...transformed(args.transform?.vpc, name, { cidrBlock }, { parent: this }))`.
 */
export function transformed<A extends object>(
  transform: Transform<A> | undefined,
  name: string,
  args: A,
  opts: pulumi.CustomResourceOptions,
): [name: string, args: A, opts: pulumi.CustomResourceOptions] {
  if (transform === undefined) return [name, args, opts];
  if (typeof transform !== 'function') return [name, { ...args, ...transform }, opts];
  const own = { ...args };
  const ownOpts = { ...opts };
  return [name, transform(own, ownOpts, name) ?? own, ownOpts];
}
