import type { Deployment, Service } from '@aws-sdk/client-ecs';
import type { Unwrap } from '@pulumi/pulumi';
import type { EcsRolloutTarget } from '../../../release/rollout.ts';

export type EcsTarget = Unwrap<EcsRolloutTarget>;

/** The state of a deployment. */
export type Verdict =
  | { state: 'steady' }
  | { state: 'going'; progress: string }
  /** `why` is without a full stop. */
  | { state: 'failed'; why: string };

export function primaryOf(service: Service): Deployment | undefined {
  return service.deployments?.find(({ status }) => status === 'PRIMARY');
}

/** The last part of an ARN: a family and its revision. */
export function revision(taskDefinition = 'nothing'): string {
  return taskDefinition.split('/').at(-1) ?? taskDefinition;
}

/** Why nothing can be deployed to a service; `undefined` when it can. */
export function unusable(service: Service | undefined, target: EcsTarget): string | undefined {
  if (service?.status === 'ACTIVE') return undefined;
  if (service?.status === 'DRAINING') {
    return `the ECS service ${target.name} is being deleted; once it is gone, \`pulumi up --refresh\` makes it again`;
  }
  const state = service
    ? `was deleted (ECS lists it as ${service.status ?? 'gone'})`
    : 'does not exist';
  return `the ECS service ${target.name} ${state}; \`pulumi up --refresh\` makes it again`;
}

/**
 * Whether the deployment has to be started once more: an earlier attempt failed and ECS went back,
 * or stopped trying. Pulumi does not see that, because its state holds what it asked for.
 */
export function needsRestart(service: Service, target: EcsTarget): boolean {
  const primary = primaryOf(service);
  return primary?.taskDefinition !== target.taskDefinition || primary.rolloutState === 'FAILED';
}

/**
 * Judges one deployment by its id: failed ones of before may stay listed, and a service in a steady
 * state may be steady with the old version.
 *
 * @param followed id of the deployment
 */
export function judge(service: Service | undefined, target: EcsTarget, followed: string): Verdict {
  const broken = unusable(service, target);
  if (!service || broken) return { state: 'failed', why: broken ?? '' };
  const primary = primaryOf(service);
  const ours = service.deployments?.find(({ id }) => id === followed);

  const now = revision(primary?.taskDefinition);
  if (primary?.id !== followed && ours?.rolloutState === 'FAILED') {
    return { state: 'failed', why: `${reasonOf(ours)}; ECS went back to ${now}` };
  }
  if (primary?.taskDefinition !== target.taskDefinition) {
    const who = 'ECS rolled it back, or somebody deployed in between';
    return {
      state: 'failed',
      why: `ECS deploys ${now} in place of ${revision(target.taskDefinition)}: ${who}`,
    };
  }
  // From here on it is ours, or one of the same revision that somebody started since.
  if (primary.rolloutState === 'FAILED') return { state: 'failed', why: reasonOf(primary) };

  const { desiredCount = 0 } = service;
  const { runningCount = 0, pendingCount = 0, failedTasks = 0, rolloutState } = primary;
  if (desiredCount < target.replicas) {
    const wanted = `${target.replicas} ${target.replicas === 1 ? 'is' : 'are'} wanted`;
    const why = `the service asks for ${desiredCount} tasks, ${wanted}: somebody scaled it; \`pulumi up --refresh\` sets it right`;
    return { state: 'failed', why };
  }
  // Some answer COMPLETED at once for a first deployment: what counts is what runs.
  const completed = rolloutState === 'COMPLETED' || rolloutState === undefined;
  if (completed && runningCount >= desiredCount && pendingCount === 0) return { state: 'steady' };
  const parts = [`${runningCount} of ${desiredCount} tasks run`];
  if (pendingCount > 0) parts.push(`${pendingCount} starting`);
  if (failedTasks > 0) parts.push(`${failedTasks} failed`);
  return { state: 'going', progress: parts.join(', ') };
}

function reasonOf({ rolloutStateReason }: Deployment): string {
  return (rolloutStateReason || 'ECS gives no reason').trim().replace(/\.$/, '');
}
