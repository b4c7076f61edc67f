import type { Resource, ResourceRule, Stack, StackResource, StackRule } from '../rules/rule.ts';
import { UnknownValue } from './value.ts';

export interface Finding {
  rule: string;
  urn: string;
  message: string;
}

export interface Verdict {
  violations: Finding[];
  /** What could not be judged before the update. */
  unknown: Finding[];
}

/** Holds one resource to a rule. */
export function judgeResource(rule: ResourceRule, resource: Resource): Verdict {
  const verdict: Verdict = { violations: [], unknown: [] };
  if (!rule.types.includes(resource.type)) return verdict;
  const finding = (message: string): Finding => ({ rule: rule.id, urn: resource.urn, message });
  const tolerant = (judge: () => void) =>
    tolerate(judge, (message) => verdict.unknown.push(finding(message)));
  tolerant(() =>
    rule.check(resource, {
      violation: (message) => verdict.violations.push(finding(message)),
      each: (items, judge) => items.forEach((item) => tolerant(() => judge(item))),
    }),
  );
  return verdict;
}

/** Holds a whole stack to a rule. */
export function judgeStack(rule: StackRule, resources: StackResource[]): Verdict {
  const verdict: Verdict = { violations: [], unknown: [] };
  const stack: Stack = {
    resources,
    ofType: (...types) => resources.filter(({ type }) => types.includes(type)),
  };
  const finding = (message: string, urn: string): Finding => ({ rule: rule.id, urn, message });
  const tolerant = (judge: () => void, urn: string) =>
    tolerate(judge, (message) => verdict.unknown.push(finding(message, urn)));
  tolerant(
    () =>
      rule.checkStack(stack, {
        violation: (message, { urn }) => verdict.violations.push(finding(message, urn)),
        each: (some, judge) =>
          some.forEach((resource) => tolerant(() => judge(resource), resource.urn)),
      }),
    '',
  );
  return verdict;
}

function tolerate(judge: () => void, unknown: (message: string) => void): void {
  try {
    judge();
  } catch (error) {
    if (!(error instanceof UnknownValue)) throw error;
    unknown(error.message);
  }
}
