import { companionsOf } from '../../judge/companions.ts';
import { publicPolicyRule } from '../publicPolicyRule.ts';
import type { Rule } from '../rule.ts';

const secret = 'aws:secretsmanager/secret:Secret';

export const secretsManagerRules: Rule[] = [
  {
    id: 'secrets-rotation',
    controls: ['SecretsManager.1', 'SecretsManager.4'],
    title: 'Secrets rotate by themselves',
    severity: 'medium',
    level: 'advisory',
    note: 'Passwords rotate with an update of the stack: the services have to take the new one at the same time.',
    fix: 'Add a secretsmanager.SecretRotation for the secret.',
    checkStack: (stack, report) => {
      const rotations = stack.ofType('aws:secretsmanager/secretRotation:SecretRotation');
      report.each(stack.ofType(secret), (one) => {
        if (companionsOf(one, rotations, 'secretId').length === 0)
          report.violation('it has no rotation', one);
      });
    },
  },
  {
    id: 'secrets-recovery',
    controls: [],
    title: 'A secret that is deleted can be got back',
    severity: 'low',
    level: 'advisory',
    fix: 'Set recoveryWindowInDays to 7 or more. A stack that comes and goes wants 0: the name is free at once.',
    types: [secret],
    check: ({ props }, report) => {
      const days = props.get('recoveryWindowInDays').number() ?? 30;
      if (days < 7) report.violation(`recoveryWindowInDays is ${days}`);
    },
  },
  publicPolicyRule({
    id: 'secrets-private',
    controls: [],
    title: 'Policies of secrets let nobody in whom they do not name',
    severity: 'critical',
    level: 'mandatory',
    types: ['aws:secretsmanager/secretPolicy:SecretPolicy', secret],
    path: 'policy',
  }),
];
