import { judgeResource, judgeStack } from '../judge/judge.ts';
import type { Verdict } from '../judge/verdict.ts';
import { linkedStack } from '../resource/linkedStack.ts';
import { Value } from '../resource/value.ts';
import type { ResourceRule, StackRule } from '../rules/rule.ts';

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

export function judgeSamples(rule: StackRule, samples: StackSample[]): Verdict {
  const urns = new Map(
    samples.map(({ name, type }) => [name, `urn:pulumi:test::slipway::${type}::${name}`]),
  );
  const urn = (name: string) => {
    const found = urns.get(name);
    if (found === undefined) throw new Error(`no resource ${name} in the stack of this test`);
    return found;
  };
  const resources = samples.map(({ name, type, props = {}, parent, needs = [], from = {} }) => ({
    name,
    type,
    urn: urn(name),
    props,
    parent: parent === undefined ? undefined : urn(parent),
    dependencies: needs.map(urn),
    propertyDependencies: Object.fromEntries(
      Object.entries(from).map(([property, names]) => [property, names.map(urn)]),
    ),
  }));
  return judgeStack(rule, linkedStack(resources));
}

/** Samples that a rule lets pass and that it fires on. A stack rule's samples are whole stacks. */
interface Cases<S> {
  passes: Record<string, S>;
  fires: Record<string, S>;
}

export type ResourceCases = Record<string, Cases<Sample>>;
export type StackCases = Record<string, Cases<StackSample[]>>;
