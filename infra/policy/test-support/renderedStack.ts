import type { Recorded, Registered } from '../../test-support/registered.ts';
import { judgeResource, judgeStack } from '../judge/judge.ts';
import { isStackRule, type Rule, type StackResource } from '../rules/rule.ts';
import { allRules } from '../rules/all.ts';
import { Value } from '../judge/value.ts';

/** What the pack says about one resource of a rendered stack. */
export interface Judgement {
  rule: string;
  level: Rule['level'];
  /** The resource's logical name. */
  resource: string;
  message: string;
}

/** Marks a secret in what Pulumi's mocks are given. */
const secretMark = '4dabf18193072939515e22adb298388d';

/**
 * Holds a stack that was rendered under mocks to every rule of the pack, as an update would:
 * nothing is unknown any more.
 */
export function judgeRendered(stack: Recorded[], settings: Record<string, unknown>): Judgement[] {
  const linked = linkedResources(stack);
  return allRules.flatMap((rule) => {
    const verdicts = isStackRule(rule)
      ? [judgeStack(rule, linked)]
      : stack.map(({ type, urn, name, inputs }) => {
          const secrets = secretPaths(inputs);
          const isSecret = (path: string) => secrets.some((secret) => isWithin(path, secret));
          const setting = (key: string) => settings[key];
          return judgeResource(rule, {
            type,
            urn,
            name,
            props: new Value(plain(inputs)),
            isSecret,
            setting,
          });
        });
    return verdicts.flatMap(({ violations, unknown }) => {
      for (const { urn, message } of unknown)
        throw new Error(`${rule.id} cannot judge ${urn}: ${message}`);
      return violations.map(({ urn, message }) => {
        return {
          rule: rule.id,
          level: rule.level,
          resource: urn.split('::').at(-1) ?? '',
          message,
        };
      });
    });
  });
}

/** A copy of a rendered stack in which the resources of one type are changed, or left out. */
export function loosened(
  { all }: Registered,
  type: string,
  change: 'left out' | ((inputs: Record<string, unknown>, resource: Recorded) => void),
): Recorded[] {
  if (!all.some((resource) => resource.type === type)) throw new Error(`the stack has no ${type}`);
  if (change === 'left out') return all.filter((resource) => resource.type !== type);
  return all.map((resource) => {
    if (resource.type !== type) return resource;
    const copy = structuredClone(resource);
    change(copy.inputs, copy);
    for (const key of Object.keys(resource.inputs)) delete copy.outputs[key];
    Object.assign(copy.outputs, copy.inputs);
    return copy;
  });
}

function linkedResources(stack: Recorded[]): StackResource[] {
  const byUrn = new Map(
    stack.map(({ type, urn, name, outputs }): [string, StackResource] => {
      const props = new Value({ ...(plain(outputs) as object), id: `${name}-id` });
      return [urn, { type, urn, name, props, dependencies: [], propertyDependencies: {} }];
    }),
  );
  const found = (urns: string[]) => urns.flatMap((urn) => byUrn.get(urn) ?? []);
  for (const { urn, parent, dependencies, propertyDependencies } of stack) {
    const own = byUrn.get(urn);
    if (!own) continue;
    own.parent = byUrn.get(parent);
    own.dependencies = found(dependencies);
    own.propertyDependencies = Object.fromEntries(
      Object.entries(propertyDependencies).map(([property, urns]) => [property, found(urns)]),
    );
  }
  return [...byUrn.values()];
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  if (secretMark in value) return plain((value as { value?: unknown }).value);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

function secretPaths(value: unknown, path = ''): string[] {
  if (Array.isArray(value))
    return value.flatMap((item, index) => secretPaths(item, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null) return [];
  if (secretMark in value) return [path];
  return Object.entries(value).flatMap(([name, inner]) =>
    secretPaths(inner, path === '' ? name : `${path}.${name}`),
  );
}

function isWithin(path: string, outer: string): boolean {
  return path === outer || (path.startsWith(outer) && /^[.[]/.test(path.slice(outer.length)));
}
