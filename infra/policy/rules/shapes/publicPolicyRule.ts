import {
  isPublic,
  statement,
  statementName,
  statementValues,
} from '../../resource/policyDocument.ts';
import type { ResourceRule } from '../rule.ts';

/** A rule that lets a policy of a resource admit only the principals that it names. */
export function publicPolicyRule(rule: Omit<ResourceRule, 'check' | 'fix'>): ResourceRule {
  return {
    ...rule,
    fix: 'Name the principals, or add a condition on aws:SourceAccount, aws:SourceArn or aws:PrincipalOrgID.',
    check: ({ props }, report) =>
      report.each(
        statementValues(props.get('policy')),
        (value) => isPublic(statement(value)) && `${statementName(value)} allows everybody`,
      ),
  };
}
