import { isPublic, statement, statementName, statementValues } from '../judge/policyDocument.ts';
import type { ResourceRule } from './rule.ts';

type PublicPolicyRule = Omit<ResourceRule, 'check' | 'fix'> & {
  /** The property that holds the policy document. */
  path: string;
};

/** A rule that wants the policy of a resource to let nobody in whom it does not name. */
export function publicPolicyRule({ path, ...rule }: PublicPolicyRule): ResourceRule {
  return {
    ...rule,
    fix: 'Name the principals, or add a condition on aws:SourceAccount, aws:SourceArn or aws:PrincipalOrgID.',
    check: ({ props }, report) =>
      report.each(statementValues(props.get(path)), (value) => {
        if (isPublic(statement(value)))
          report.violation(`${statementName(value)} allows everybody`);
      }),
  };
}
