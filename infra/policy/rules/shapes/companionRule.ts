import { companionsOf } from '../../resource/companions.ts';
import type { StackResource } from '../../resource/resource.ts';
import type { Fault, RuleInfo, StackRule } from '../rule.ts';

type CompanionRule = RuleInfo & {
  /** The types of the resources that need a companion. */
  owners: string[];
  /** The types of the companion. */
  companions: string[];
  /** The property of the companion that names its owner. */
  by: string;
  /** The message when there is none. */
  absent: string;
  /** The fault of a companion. */
  fault?: (companion: StackResource) => Fault;
};

/** A rule that wants a second resource beside each resource, such as a flow log for a VPC. */
export function companionRule(rule: CompanionRule): StackRule {
  const { owners, companions, by, absent, fault = () => undefined, ...info } = rule;
  return {
    ...info,
    checkStack: (stack, report) => {
      const candidates = stack.ofType(...companions);
      return report.each(stack.ofType(...owners), (owner) => {
        const own = companionsOf(owner, candidates, by);
        for (const companion of own) {
          const message = fault(companion);
          if (message) report.violation(message, owner);
        }
        return own.length === 0 && absent;
      });
    },
  };
}
