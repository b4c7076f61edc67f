import type { Recorded, Registered } from '../../test-support/registered.ts';
import { judgeResource, judgeStack } from '../judge/judge.ts';
import { linkedStack } from '../resource/linkedStack.ts';
import type { StackResource } from '../resource/resource.ts';
import { isInSecret, secretPaths } from '../resource/secretPaths.ts';
import { Value } from '../resource/value.ts';
import { allRules } from '../rules/all.ts';
import { isStackRule, type Rule } from '../rules/rule.ts';

/** A violation in a rendered stack. */
export interface Judgement {
  rule: string;
  level: Rule['level'];
  /** The resource's logical name. */
  resource: string;
  message: string;
}

/** The key that marks a secret in the inputs of Pulumi's mocks. */
const secretMark = '4dabf18193072939515e22adb298388d';

/** Judges a stack that was rendered under mocks by every rule, as in an update: all is known. */
export function judgeRendered(stack: Recorded[], settings: Record<string, unknown>): Judgement[] {
  const linked = linkedResources(stack);
  return allRules.flatMap((rule) => {
    const verdicts = isStackRule(rule)
      ? [judgeStack(rule, linked)]
      : stack.map(({ type, urn, name, inputs }) => {
          const secrets = secretPaths(inputs, (value) => secretMark in value);
          return judgeResource(rule, {
            type,
            urn,
            name,
            props: new Value(plain(inputs)),
            isSecret: (path) => isInSecret(path, secrets),
            setting: (key) => settings[key],
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

/** The resources of a rendered stack, linked to each other. */
function linkedResources(stack: Recorded[]): StackResource[] {
  return linkedStack(
    stack.map(({ outputs, ...resource }) => ({
      ...resource,
      props: { ...(plain(outputs) as object), id: `${resource.name}-id` },
    })),
  );
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  if (secretMark in value) return plain((value as { value?: unknown }).value);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}
