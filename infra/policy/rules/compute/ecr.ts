import { companionsOf } from '../../judge/companions.ts';
import { flagRule } from '../flagRule.ts';
import { publicPolicyRule } from '../publicPolicyRule.ts';
import type { Rule } from '../rule.ts';

const repository = 'aws:ecr/repository:Repository';

export const ecrRules: Rule[] = [
  flagRule({
    id: 'ecr-scan',
    controls: ['ECR.1'],
    title: 'Repositories scan images that are pushed',
    severity: 'high',
    level: 'mandatory',
    fix: 'Set imageScanningConfiguration.scanOnPush to true.',
    types: [repository],
    path: 'imageScanningConfiguration.scanOnPush',
    wanted: true,
    byDefault: false,
  }),
  {
    id: 'ecr-immutable-tags',
    controls: ['ECR.2'],
    title: 'A tag of a repository always means the same image',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set imageTagMutability to IMMUTABLE.',
    types: [repository],
    check: ({ props }, report) => {
      const mutability = props.get('imageTagMutability').text() ?? 'MUTABLE';
      if (!mutability.startsWith('IMMUTABLE'))
        report.violation(`imageTagMutability is ${mutability}`);
    },
  },
  {
    id: 'ecr-lifecycle',
    controls: ['ECR.3'],
    title: 'Repositories clear old images away',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Add an ecr.LifecyclePolicy for the repository.',
    checkStack: (stack, report) => {
      const policies = stack.ofType('aws:ecr/lifecyclePolicy:LifecyclePolicy');
      report.each(stack.ofType(repository), (one) => {
        if (companionsOf(one, policies, 'repository').length === 0)
          report.violation('it has no lifecycle policy', one);
      });
    },
  },
  publicPolicyRule({
    id: 'ecr-private',
    controls: [],
    title: 'Repositories are not public',
    severity: 'critical',
    level: 'mandatory',
    types: ['aws:ecr/repositoryPolicy:RepositoryPolicy'],
    path: 'policy',
  }),
];
