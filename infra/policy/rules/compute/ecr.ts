import type { Rule } from '../rule.ts';
import { companionRule } from '../shapes/companionRule.ts';
import { propertyRule } from '../shapes/propertyRule.ts';

const repository = 'aws:ecr/repository:Repository';

export const ecrRules: Rule[] = [
  propertyRule({
    id: 'ecr-scan',
    controls: ['ECR.1'],
    title: 'Repositories scan pushed images',
    severity: 'high',
    level: 'mandatory',
    fix: 'Set imageScanningConfiguration.scanOnPush to true.',
    types: [repository],
    path: 'imageScanningConfiguration.scanOnPush',
    wanted: true,
    byDefault: false,
  }),
  propertyRule({
    id: 'ecr-immutable-tags',
    controls: ['ECR.2'],
    title: 'An image tag never moves',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set imageTagMutability to IMMUTABLE.',
    types: [repository],
    path: 'imageTagMutability',
    wanted: ['IMMUTABLE', 'IMMUTABLE_WITH_EXCLUSION'],
    byDefault: 'MUTABLE',
  }),
  companionRule({
    id: 'ecr-lifecycle',
    controls: ['ECR.3'],
    title: 'Repositories remove old images',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Add an ecr.LifecyclePolicy for the repository.',
    owners: [repository],
    companions: ['aws:ecr/lifecyclePolicy:LifecyclePolicy'],
    by: 'repository',
    absent: 'it has no lifecycle policy',
  }),
];
