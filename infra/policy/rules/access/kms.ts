import { publicPolicyRule } from '../publicPolicyRule.ts';
import type { Rule } from '../rule.ts';

const key = 'aws:kms/key:Key';

export const kmsRules: Rule[] = [
  {
    id: 'kms-deletion-window',
    controls: ['KMS.3'],
    title: 'A key that is deleted can be got back for 30 days',
    severity: 'critical',
    level: 'mandatory',
    note: 'The control looks for keys whose deletion is pending; this rule keeps the time to notice.',
    fix: 'Set deletionWindowInDays to 30, or leave it out.',
    types: [key],
    check: ({ props }, report) => {
      const days = props.get('deletionWindowInDays').number() ?? 30;
      if (days < 30) report.violation(`deletionWindowInDays is ${days}`);
    },
  },
  {
    id: 'kms-rotation',
    controls: ['KMS.4'],
    title: 'Keys rotate',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set enableKeyRotation to true.',
    types: [key],
    check: ({ props }, report) => {
      if (
        (props.get('customerMasterKeySpec').text() ?? 'SYMMETRIC_DEFAULT') !== 'SYMMETRIC_DEFAULT'
      )
        return;
      if (!props.get('enableKeyRotation').flag()) report.violation('enableKeyRotation is not true');
    },
  },
  publicPolicyRule({
    id: 'kms-private',
    controls: ['KMS.5'],
    title: 'Policies of keys let nobody in whom they do not name',
    severity: 'critical',
    level: 'mandatory',
    types: [key, 'aws:kms/keyPolicy:KeyPolicy'],
    path: 'policy',
  }),
];
