import type { Rule, Stack, StackResource } from '../rule.ts';

const migrationRun = 'slipway:index:MigrationRun';
const rollout = 'slipway:index:Rollout';
/** What the platform runs for the services; every other container is one of a service. */
const infrastructure = [
  'slipway:docker:Postgres',
  'slipway:docker:Valkey',
  'slipway:docker:Gateway',
];

function services(stack: Stack): StackResource[] {
  return [
    ...stack.ofType('aws:ecs/service:Service'),
    ...stack
      .ofType('docker:index/container:Container')
      .filter(({ parent }) => !infrastructure.includes(parent?.type ?? '')),
  ];
}

/**
 * Everything that has to be there before a resource, directly or by way of others. A child is
 * registered after its parent, and a parent after what it depends on.
 */
function prerequisites(
  resource: StackResource,
  found = new Set<StackResource>(),
): Set<StackResource> {
  const { dependencies, propertyDependencies, parent } = resource;
  const direct = [
    ...dependencies,
    ...Object.values(propertyDependencies).flat(),
    ...(parent ? [parent] : []),
  ];
  for (const one of direct) {
    if (found.has(one)) continue;
    found.add(one);
    prerequisites(one, found);
  }
  return found;
}

/** What makes a release safe, whatever the platform. */
export const releaseRules: Rule[] = [
  {
    id: 'release-after-migrations',
    controls: [],
    title: 'Every service waits for the migrations',
    severity: 'high',
    level: 'mandatory',
    fix: 'Let the service depend on the MigrationRun (dependsOn): a failed migration must leave the old version serving.',
    checkStack: (stack, report) =>
      report.each(services(stack), (service) => {
        const waits = [...prerequisites(service)].some(({ type }) => type === migrationRun);
        if (!waits) report.violation('it does not wait for a MigrationRun', service);
      }),
  },
  {
    id: 'release-watched',
    controls: [],
    title: 'Every service is proven by a Rollout',
    severity: 'high',
    level: 'mandatory',
    fix: 'Hand the service to the Rollout: without it a release that does not serve counts as a success.',
    checkStack: (stack, report) => {
      const watched = new Set(stack.ofType(rollout).flatMap((one) => [...prerequisites(one)]));
      report.each(services(stack), (service) => {
        if (!watched.has(service)) report.violation('no Rollout waits for it', service);
      });
    },
  },
];
