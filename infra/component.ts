import * as pulumi from '@pulumi/pulumi';

/**
 * The escape hatch of a component: changes what one underlying resource is registered with. Applied
 * last, so it wins over the component's own choice, security defaults included.
 *
 * - An object replaces the properties it names: `{ enableDnsSupport: false }`.
 * - A function may change `args` and `opts` in place, or return the new args. It sees the logical
 *   name too, so that one transform tells the subnets of a network apart.
 */
export type Transform<A extends object> =
  | Partial<A>
  | ((args: A, opts: pulumi.CustomResourceOptions, name: string) => A | undefined | void);

/** Any class of resource or component: its constructor takes a name, arguments and options. */
type ResourceClass = new (name: string, args: never, opts?: never) => pulumi.Resource;

/** The arguments that a class of resource takes. */
type ArgsOf<C extends ResourceClass> = NonNullable<ConstructorParameters<C>[1]>;

/** Pulumi's options without the parent, which is always the component, and the escape hatch. */
export type ChildOptions<A extends object> = Omit<pulumi.CustomResourceOptions, 'parent'> & {
  transform?: Transform<A> | undefined;
};

/** The base of the program's components. */
export abstract class Component extends pulumi.ComponentResource {
  readonly #name: string;

  /** @param type three parts, such as `slipway:aws:Network` */
  constructor(type: string, name: string, opts?: pulumi.ComponentResourceOptions) {
    super(type, name, {}, opts);
    this.#name = name;
  }

  /**
   * Registers a resource that belongs to the component:
   * `this.child(Vpc, 'vpc', { cidrBlock }, { transform: args.transform?.vpc })`.
   *
   * @param role what it is to the component, kebab-case; an empty one names it as the component
   */
  protected child<C extends ResourceClass>(
    Class: C,
    role: string,
    args: ArgsOf<C>,
    options: ChildOptions<ArgsOf<C>> = {},
  ): InstanceType<C> {
    const { transform, ...rest } = options;
    const name = this.childName(role);
    const opts = { ...rest, parent: this };
    // A copy: a transform must not change what the component was given.
    const own: ArgsOf<C> = Object.assign({}, args);
    const changed =
      typeof transform === 'function'
        ? (transform(own, opts, name) ?? own)
        : Object.assign(own, transform);
    const Constructor = Class as unknown as new (
      ...given: [name: string, args: ArgsOf<C>, opts: pulumi.CustomResourceOptions]
    ) => InstanceType<C>;
    return new Constructor(name, changed, opts);
  }

  /** The logical name of a child, such as `network-vpc`. */
  protected childName(role: string): string {
    return role === '' ? this.#name : `${this.#name}-${role}`;
  }
}
