import type { Stack, StackResource } from '../../resource/resource.ts';
import type { Rule } from '../rule.ts';

const migrationRun = 'slipway:index:MigrationRun';
const rollout = 'slipway:index:Rollout';
/** Components whose containers serve the services. Every other container is part of a service. */
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
 * Every resource that must exist before a resource, directly or through others. A child is
 * registered after its parent, and a parent after its dependencies.
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

/** The order that makes a release safe on every platform. */
export const releaseRules: Rule[] = [
  {
    id: 'release-after-migrations',
    title: 'Every service waits for the migrations',
    severity: 'high',
    level: 'mandatory',
    fix: 'Let the service depend on the MigrationRun (dependsOn). After a failed migration the old version must go on serving.',
    checkStack: (stack, report) =>
      report.each(services(stack), (service) => {
        const waits = [...prerequisites(service)].some(({ type }) => type === migrationRun);
        return !waits && 'it does not wait for a MigrationRun';
      }),
  },
  {
    id: 'release-watched',
    title: 'A Rollout proves every service',
    severity: 'high',
    level: 'mandatory',
    fix: 'Pass the service to the Rollout. Without it a release that does not serve counts as a success.',
    checkStack: (stack, report) => {
      const watched = new Set(stack.ofType(rollout).flatMap((one) => [...prerequisites(one)]));
      return report.each(
        services(stack),
        (service) => !watched.has(service) && 'no Rollout waits for it',
      );
    },
  },
];
