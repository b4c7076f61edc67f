import { judgeResource, judgeStack, type Verdict } from '../judge/judge.ts';
import type { ResourceRule, StackResource, StackRule } from '../rules/rule.ts';
import { Value } from '../judge/value.ts';

export type Props = Record<string, unknown>;

/** A resource as a test writes it. */
export interface Sample {
  type: string;
  props: Props;
  /** Paths of inputs that are secrets. */
  secrets?: string[];
  settings?: Props;
}

export const sample = (
  type: string,
  props: Props,
  more: Omit<Sample, 'type' | 'props'> = {},
): Sample => ({
  type,
  props,
  ...more,
});

export function judgeSample(
  rule: ResourceRule,
  { type, props, secrets = [], settings = {} }: Sample,
): Verdict {
  return judgeResource(rule, {
    type,
    urn: `urn:pulumi:test::slipway::${type}::sample`,
    name: 'sample',
    props: new Value(props),
    isSecret: (path) => secrets.includes(path),
    setting: (key) => settings[key],
  });
}

/**
 * A resource of a stack as a test writes it; `needs` are its dependencies, `from` those of single
 * properties.
 */
export interface StackSample {
  name: string;
  type: string;
  props?: Props;
  parent?: string;
  needs?: string[];
  from?: Record<string, string[]>;
}

function stackOf(samples: StackSample[]): StackResource[] {
  const resources = new Map(
    samples.map(({ name, type, props }): [string, StackResource] => [
      name,
      {
        type,
        name,
        urn: `urn:pulumi:test::slipway::${type}::${name}`,
        props: new Value(props ?? {}),
        dependencies: [],
        propertyDependencies: {},
      },
    ]),
  );
  const named = (names: string[]) =>
    names.map((name) => {
      const found = resources.get(name);
      if (!found) throw new Error(`no resource ${name} in the stack of this test`);
      return found;
    });
  for (const { name, parent, needs = [], from = {} } of samples) {
    const [own] = named([name]);
    if (!own) continue;
    own.dependencies = named(needs);
    own.parent = parent === undefined ? undefined : named([parent])[0];
    own.propertyDependencies = Object.fromEntries(
      Object.entries(from).map(([property, names]) => [property, named(names)]),
    );
  }
  return [...resources.values()];
}

export function judgeSamples(rule: StackRule, samples: StackSample[]): Verdict {
  return judgeStack(rule, stackOf(samples));
}

/** What a rule lets pass and what it fires on. A stack rule's samples are whole stacks. */
interface Cases<S> {
  passes: Record<string, S>;
  fires: Record<string, S>;
}

export type ResourceCases = Record<string, Cases<Sample>>;
export type StackCases = Record<string, Cases<StackSample[]>>;
