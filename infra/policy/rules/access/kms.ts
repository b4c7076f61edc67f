import type { Rule } from '../rule.ts';
import { propertyRule } from '../shapes/propertyRule.ts';
import { publicPolicyRule } from '../shapes/publicPolicyRule.ts';

const key = 'aws:kms/key:Key';

export const kmsRules: Rule[] = [
  propertyRule({
    id: 'kms-deletion-window',
    controls: ['KMS.3'],
    title: 'A deleted key can be recovered for 30 days',
    severity: 'critical',
    level: 'mandatory',
    note: 'The control finds keys that wait for deletion. This rule keeps enough time to notice one.',
    fix: 'Set deletionWindowInDays to 30, or leave it out.',
    types: [key],
    path: 'deletionWindowInDays',
    wanted: { least: 30 },
    byDefault: 30,
  }),
  {
    id: 'kms-rotation',
    controls: ['KMS.4'],
    title: 'Keys rotate',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set enableKeyRotation to true.',
    types: [key],
    check: ({ props }) => {
      const spec = props.get('customerMasterKeySpec').text() ?? 'SYMMETRIC_DEFAULT';
      if (spec !== 'SYMMETRIC_DEFAULT') return undefined;
      return !props.get('enableKeyRotation').flag() && 'enableKeyRotation is not true';
    },
  },
  publicPolicyRule({
    id: 'kms-private',
    controls: ['KMS.5'],
    title: 'Key policies admit only named principals',
    severity: 'critical',
    level: 'mandatory',
    types: [key, 'aws:kms/keyPolicy:KeyPolicy'],
  }),
];
