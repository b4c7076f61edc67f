import type { Resource, StackResource } from '../resource/resource.ts';
import type { ResourceRule, StackRule } from '../rules/rule.ts';
import { Verdict } from './verdict.ts';

/** Holds one resource to a rule. */
export function judgeResource(rule: ResourceRule, resource: Resource): Verdict {
  const verdict = new Verdict(rule.id);
  if (!rule.types.includes(resource.type)) return verdict;
  const { urn } = resource;
  verdict.add(urn, () =>
    rule.check(resource, {
      violation: (message) => verdict.add(urn, () => message),
      each: (items, judge) => void items.forEach((item) => verdict.add(urn, () => judge(item))),
    }),
  );
  return verdict;
}

/** Holds a whole stack to a rule. */
export function judgeStack(rule: StackRule, resources: StackResource[]): Verdict {
  const verdict = new Verdict(rule.id);
  const ofType = (...types: string[]) => resources.filter(({ type }) => types.includes(type));
  verdict.add('', () =>
    rule.checkStack(
      { resources, ofType },
      {
        violation: (message, { urn }) => verdict.add(urn, () => message),
        each: (some, judge) =>
          void some.forEach((resource) => verdict.add(resource.urn, () => judge(resource))),
      },
    ),
  );
  return verdict;
}
