import type { Task } from '@aws-sdk/client-ecs';

/** How a task ended, as far as ECS knows. */
export interface TaskEnd {
  /** The named container's. `undefined` when it has none, which counts as a failure. */
  exitCode: number | undefined;
  /** ECS' own reason beyond the exit code, and the remedy. Without a full stop. */
  reason?: string;
}

/** Docker's and ECS' word for SIGKILL: the process has no exit code of its own. */
const killed = 137;

/** Reads the end of a stopped task: the exit code is the named container's, not a sidecar's. */
export function taskEnd(task: Task, containerName: string): TaskEnd {
  const container = task.containers?.find(({ name }) => name === containerName);
  const details = [container?.reason, task.stoppedReason].filter((text): text is string =>
    Boolean(text),
  );
  const detail = details.find((text) => !/^Essential container/i.test(text));
  const { exitCode } = container ?? {};

  if (details.some((text) => /OutOfMemory/i.test(text))) {
    const limit = task.memory ? ` (the task has ${task.memory} MiB)` : '';
    const where = 'apiMemoryMb for the api, infra/blueprint.ts for the migrations';
    return { exitCode: undefined, reason: `out of memory${limit}; give it more (${where})` };
  }
  // Stopped from outside, an orderly exit does not prove that the work was done.
  if (task.stopCode === 'UserInitiated') {
    return {
      exitCode: undefined,
      reason: `someone stopped the task: ${detail ?? 'no reason given'}`,
    };
  }
  if (exitCode === killed)
    return { exitCode: undefined, reason: detail ? `killed: ${explainStop(detail)}` : 'killed' };
  if (exitCode === 0) return { exitCode };
  if (exitCode !== undefined)
    return { exitCode, ...(detail ? { reason: explainStop(detail) } : {}) };

  const missing =
    container || !task.containers?.length ? '' : `the task has no container ${containerName}; `;
  const code =
    task.stopCode && task.stopCode !== 'EssentialContainerExited' ? `${task.stopCode}: ` : '';
  return {
    exitCode,
    reason: `${missing}${code}${explainStop(detail ?? details[0] ?? 'ECS gives no reason')}`,
  };
}

/**
 * The remedy for each reason that ECS gives, most telling first. Source: "Stopped tasks error codes",
 * Amazon ECS guide.
 */
const advice: [RegExp, string][] = [
  [
    /(?:CannotPull|unable to pull image).*(not found|manifest unknown|does not exist)/is,
    'the registry does not hold this image: promote it again, or run the update again so that it is pushed',
  ],
  [
    /(?:CannotPull|unable to pull image).*(denied|forbidden|403|not authorized|no basic auth)/is,
    'the execution role may not pull: it needs ecr:GetAuthorizationToken, ecr:BatchGetImage and ecr:GetDownloadUrlForLayer',
  ],
  [
    /(?:CannotPull|unable to pull image).*(timeout|timed out|deadline|canceled|connection refused|no route|lookup)/is,
    'the task does not reach the registry: its subnets need a NAT gateway, endpoints for ECR and S3, or a public IP',
  ],
  [
    /(?:CannotPull|unable to pull image).*no space left/is,
    'the image does not fit: raise the task’s ephemeral storage',
  ],
  [
    /CannotPull/i,
    'look at the image’s address in the task definition, the execution role, and the way to the registry',
  ],
  [
    /ResourceInitialization.*(AccessDenied|not authorized)/is,
    'the execution role may not read a secret: it needs secretsmanager:GetSecretValue, ssm:GetParameters, and kms:Decrypt on their key',
  ],
  [
    /ResourceInitialization.*(ResourceNotFound|can.t find|not found|invalid ?parameter|did not contain json key)/is,
    'a secret of the task definition does not exist or has no value: `pulumi up --refresh` makes it again',
  ],
  [
    /ResourceInitialization.*(log ?group|logging driver|logger args|log stream)/is,
    'its log group is missing or the execution role may not write to it: `pulumi up --refresh` makes it again',
  ],
  [
    /ResourceInitialization.*(timeout|timed out|deadline|canceled|retried|connection)/is,
    'the task does not reach Secrets Manager or ECR: its subnets need a NAT gateway, endpoints, or a public IP',
  ],
  [
    /ResourceInitialization/i,
    'look at its secrets, its execution role, and the way from its subnets to AWS',
  ],
  [/(CannotStart|CannotCreate)Container/i, 'look at the command and the user of the container'],
  [
    /ContainerRuntimeTimeout|DockerTimeout/i,
    'ECS could not start the container in time: run the update again',
  ],
  [
    /failed ELB health checks/i,
    'the readiness path did not answer 200 to the load balancer: look at its lines, and at the security group between them',
  ],
  [
    /failed container health checks/i,
    'the readiness path did not answer 200 inside the container: look at its lines',
  ],
  [
    /capacity is unavailable|capacity.*not available/i,
    'AWS has no room there now: run the update again in some minutes',
  ],
  [/Spot/i, 'AWS took its spot capacity back: run the update again; migrations belong on FARGATE'],
];

/** A reason of ECS, with what to do about it where that is known. */
export function explainStop(reason: string): string {
  const text = reason.trim().replace(/\.$/, '').slice(0, 1000);
  const hint = advice.find(([pattern]) => pattern.test(text))?.[1];
  return hint ? `${text}; ${hint}` : text;
}

/** Why a service's task ended, in a few words. */
export function whyStopped(task: Task, containerName: string): string {
  const { exitCode, reason } = taskEnd(task, containerName);
  if (exitCode === undefined) return reason ?? 'no exit code';
  const detail = /^Essential container/i.test(task.stoppedReason ?? '')
    ? undefined
    : task.stoppedReason;
  const why = reason ?? (detail ? explainStop(detail) : undefined);
  return `exit code ${exitCode}${why ? ` (${why})` : ''}`;
}
