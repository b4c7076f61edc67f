import type { Rule } from '../rule.ts';
import { companionRule } from '../shapes/companionRule.ts';
import { propertyRule } from '../shapes/propertyRule.ts';
import { publicPolicyRule } from '../shapes/publicPolicyRule.ts';

const secret = 'aws:secretsmanager/secret:Secret';

export const secretsManagerRules: Rule[] = [
  companionRule({
    id: 'secrets-rotation',
    controls: ['SecretsManager.1', 'SecretsManager.4'],
    title: 'Secrets rotate by themselves',
    severity: 'medium',
    level: 'advisory',
    note: 'Passwords rotate in an update of the stack, because the services must take the new one at the same time.',
    fix: 'Add a secretsmanager.SecretRotation for the secret.',
    owners: [secret],
    companions: ['aws:secretsmanager/secretRotation:SecretRotation'],
    by: 'secretId',
    absent: 'it has no rotation',
  }),
  propertyRule({
    id: 'secrets-recovery',
    title: 'A deleted secret can be recovered',
    severity: 'low',
    level: 'advisory',
    fix: 'Set recoveryWindowInDays to 7 or more. Use 0 for a short-lived stack: the name is then free at once.',
    types: [secret],
    path: 'recoveryWindowInDays',
    wanted: { least: 7 },
    byDefault: 30,
  }),
  publicPolicyRule({
    id: 'secrets-private',
    title: 'Policies of secrets admit only named principals',
    severity: 'critical',
    level: 'mandatory',
    types: ['aws:secretsmanager/secretPolicy:SecretPolicy', secret],
  }),
];
