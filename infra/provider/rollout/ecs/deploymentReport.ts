import {
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ListTasksCommand,
  type DesiredStatus,
  type Service,
  type Task,
} from '@aws-sdk/client-ecs';
import { DescribeTargetHealthCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { AwsClients } from '../../../ecs/awsClients.ts';
import { explainAwsError } from '../../../ecs/awsError.ts';
import type { EcsTarget } from './serviceDeployment.ts';
import { whyStopped } from '../../../ecs/stoppedTask.ts';
import { lastLines, logStream } from '../../../ecs/taskLog.ts';

const shownReasons = 3;
const shownEvents = 5;
const shownLines = 20;

/**
 * Why a deployment failed, as far as AWS tells: how its tasks ended, what the load balancer says of
 * them, the service's events, and the last lines of a task that failed. Empty when AWS tells
 * nothing.
 *
 * @param service as ECS described it last
 * @param since when the deployment began: what happened before has nothing to do with it
 */
export async function deploymentReport(
  clients: AwsClients,
  cluster: string,
  target: EcsTarget,
  service: Service | undefined,
  since: Date | undefined,
): Promise<string> {
  const lines: string[] = [];
  try {
    const stopped = await failedTasks(clients, cluster, target, since);
    stopped.sort((a, b) => Number(b.stoppedAt ?? 0) - Number(a.stoppedAt ?? 0));
    lines.push(...stoppedLines(stopped, target));
    lines.push(...(await unhealthyLines(clients, target)));
    lines.push(...eventLines(service, since));
    const [spokesman] =
      stopped.length > 0 ? stopped : await tasksOf(clients, cluster, target, 'RUNNING', since);
    if (spokesman) lines.push(...(await logLines(clients, target, spokesman)));
  } catch (error) {
    lines.push(`More could not be read: ${explainAwsError(error)}.`);
  }
  return lines.join('\n');
}

/**
 * The tasks of a deployment that ended by themselves or for their health; ECS keeps them for an
 * hour.
 */
export async function failedTasks(
  clients: AwsClients,
  cluster: string,
  target: EcsTarget,
  since: Date | undefined,
): Promise<Task[]> {
  const stopped = await tasksOf(clients, cluster, target, 'STOPPED', since);
  // A task that a deployment or a person took down did not fail.
  return stopped.filter(
    ({ stopCode, stoppedReason = '', lastStatus }) =>
      lastStatus === 'STOPPED' &&
      stopCode !== 'UserInitiated' &&
      !/^Scaling activity initiated by/i.test(stoppedReason),
  );
}

async function tasksOf(
  { ecs }: AwsClients,
  cluster: string,
  target: EcsTarget,
  desiredStatus: DesiredStatus,
  since: Date | undefined,
): Promise<Task[]> {
  const { taskArns = [] } = await ecs.send(
    new ListTasksCommand({ cluster, serviceName: target.name, desiredStatus }),
  );
  if (taskArns.length === 0) return [];
  const { tasks = [] } = await ecs.send(
    new DescribeTasksCommand({ cluster, tasks: taskArns.slice(0, 100) }),
  );
  return tasks.filter(
    ({ taskDefinitionArn, createdAt }) =>
      taskDefinitionArn === target.taskDefinition && (!since || !createdAt || createdAt >= since),
  );
}

/** Tasks that ended alike share a line. */
function stoppedLines(stopped: Task[], target: EcsTarget): string[] {
  const counts = new Map<string, number>();
  for (const task of stopped) {
    const why = whyStopped(task, target.container);
    counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  return [...counts]
    .slice(0, shownReasons)
    .map(
      ([why, count]) =>
        `${count === 1 ? '1 task' : `${count} tasks`} of ${target.service} stopped: ${why}.`,
    );
}

async function unhealthyLines({ elbv2 }: AwsClients, target: EcsTarget): Promise<string[]> {
  if (!target.targetGroup) return [];
  const command = new DescribeTargetHealthCommand({ TargetGroupArn: target.targetGroup });
  const { TargetHealthDescriptions = [] } = await elbv2.send(command);
  return TargetHealthDescriptions.filter(({ TargetHealth }) => TargetHealth?.State === 'unhealthy')
    .slice(0, shownReasons)
    .map(({ Target, TargetHealth }) => {
      const why = TargetHealth?.Description ?? TargetHealth?.Reason ?? 'no reason given';
      return `The load balancer finds ${Target?.Id ?? 'a task'} unhealthy: ${why.replace(/\.$/, '')}.`;
    });
}

function eventLines(service: Service | undefined, since: Date | undefined): string[] {
  const events = (service?.events ?? [])
    .filter(({ createdAt }) => !since || !createdAt || createdAt >= since)
    .filter(({ message = '' }) => message && !/has reached a steady state/.test(message))
    .slice(0, shownEvents)
    .reverse();
  return events.length > 0
    ? ['ECS says:', ...events.map(({ message = '' }) => `  - ${message}`)]
    : [];
}

async function logLines(
  { ecs, logs }: AwsClients,
  target: EcsTarget,
  task: Task,
): Promise<string[]> {
  const { taskDefinition } = await ecs.send(
    new DescribeTaskDefinitionCommand({ taskDefinition: target.taskDefinition }),
  );
  const container = taskDefinition?.containerDefinitions?.find(
    ({ name }) => name === target.container,
  );
  const at = logStream(container, task.taskArn ?? '');
  if (!at) return [];
  const lines = await lastLines(logs, at, shownLines);
  if (lines.length === 0) return [];
  return [
    `Last lines of a task of ${target.service} (${at.group}, ${at.stream}):`,
    ...lines.map((line) => `  | ${line}`),
  ];
}
