import { flagRule } from '../flagRule.ts';
import type { Resource, Rule } from '../rule.ts';
import type { Value } from '../../judge/value.ts';

const service = 'aws:ecs/service:Service';
const taskSet = 'aws:ecs/taskSet:TaskSet';
const taskDefinition = 'aws:ecs/taskDefinition:TaskDefinition';

/** The containers of a task definition, each with a name for messages. */
export function taskContainers({ props }: Resource): Value[] {
  return props.get('containerDefinitions').json().list();
}

export function containerName(container: Value): string {
  const name = container.get('name');
  return `container ${(name.isUnknown ? undefined : name.text()) ?? container.path}`;
}

const noPublicIp = {
  severity: 'high',
  level: 'mandatory',
  fix: 'Put the tasks into private subnets and set networkConfiguration.assignPublicIp to false.',
  note: 'Not judged with `cost: lean`, which has no NAT gateway: there a security group lets nobody in but the load balancer.',
  check: ({ props, setting }: Resource, report: { violation(message: string): void }) => {
    if (setting('cost') === 'lean') return;
    if (props.get('networkConfiguration.assignPublicIp').flag()) {
      report.violation('networkConfiguration.assignPublicIp is true');
    }
  },
} as const;

export const ecsRules: Rule[] = [
  {
    id: 'ecs-no-public-ip',
    controls: ['ECS.2'],
    title: 'ECS services do not give their tasks public addresses',
    types: [service],
    ...noPublicIp,
  },
  {
    id: 'ecs-task-set-no-public-ip',
    controls: ['ECS.16'],
    title: 'ECS task sets do not give their tasks public addresses',
    types: [taskSet],
    ...noPublicIp,
  },
  {
    id: 'ecs-no-host-processes',
    controls: ['ECS.3'],
    title: "Tasks do not share the host's process namespace",
    severity: 'high',
    level: 'mandatory',
    fix: 'Remove pidMode, or set it to "task".',
    types: [taskDefinition],
    check: ({ props }, report) => {
      if (props.get('pidMode').text() === 'host') report.violation('pidMode is host');
    },
  },
  {
    id: 'ecs-no-host-network',
    controls: ['ECS.17'],
    title: "Tasks do not use the host's network",
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set networkMode to "awsvpc".',
    types: [taskDefinition],
    check: ({ props }, report) => {
      if (props.get('networkMode').text() === 'host') report.violation('networkMode is host');
    },
  },
  {
    id: 'ecs-not-privileged',
    controls: ['ECS.4'],
    title: 'Containers are not privileged',
    severity: 'high',
    level: 'mandatory',
    fix: 'Remove privileged from the container definition.',
    types: [taskDefinition],
    check: (task, report) =>
      report.each(taskContainers(task), (container) => {
        if (container.get('privileged').flag())
          report.violation(`${containerName(container)} is privileged`);
      }),
  },
  {
    id: 'ecs-read-only-root',
    controls: ['ECS.5'],
    title: 'Containers have a read-only root file system',
    severity: 'high',
    level: 'mandatory',
    fix: 'Set readonlyRootFilesystem to true, and mount a volume where the program writes.',
    types: [taskDefinition],
    check: (task, report) =>
      report.each(taskContainers(task), (container) => {
        if (!container.get('readonlyRootFilesystem').flag()) {
          report.violation(`${containerName(container)} can write to its root file system`);
        }
      }),
  },
  {
    id: 'ecs-non-root',
    controls: ['ECS.20'],
    title: 'Containers run as a user other than root',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set user in the container definition, such as "1000:1000".',
    types: [taskDefinition],
    check: (task, report) =>
      report.each(taskContainers(task), (container) => {
        const user = container.get('user').text();
        if (!user) report.violation(`${containerName(container)} names no user`);
        else if (isRoot(user)) report.violation(`${containerName(container)} runs as ${user}`);
      }),
  },
  {
    id: 'ecs-drop-capabilities',
    controls: [],
    title: 'Containers drop every Linux capability',
    severity: 'medium',
    level: 'advisory',
    fix: 'Set linuxParameters.capabilities.drop to ["ALL"].',
    types: [taskDefinition],
    check: (task, report) =>
      report.each(taskContainers(task), (container) => {
        if (!container.get('linuxParameters.capabilities.drop').texts().includes('ALL')) {
          report.violation(`${containerName(container)} keeps the default capabilities`);
        }
      }),
  },
  {
    id: 'ecs-logs',
    controls: ['ECS.9'],
    title: 'Containers send their logs away',
    severity: 'high',
    level: 'mandatory',
    fix: 'Set logConfiguration, with the log driver awslogs or awsfirelens.',
    types: [taskDefinition],
    check: (task, report) =>
      report.each(taskContainers(task), (container) => {
        const driver = container.get('logConfiguration.logDriver').text();
        if (!driver || driver === 'none')
          report.violation(`${containerName(container)} has no log driver`);
      }),
  },
  {
    id: 'ecs-platform-version',
    controls: ['ECS.10'],
    title: 'Fargate services run on the latest platform version',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Remove platformVersion, or set it to LATEST.',
    types: [service],
    check: ({ props }, report) => {
      const version = props.get('platformVersion').text();
      if (version && version !== 'LATEST' && version !== '1.4.0')
        report.violation(`platformVersion is ${version}`);
    },
  },
  {
    id: 'ecs-container-insights',
    controls: ['ECS.12'],
    title: 'Clusters use Container Insights',
    severity: 'medium',
    level: 'advisory',
    note: 'Billed per metric: `cost: lean` does without.',
    fix: 'Add the setting containerInsights with the value enabled or enhanced.',
    types: ['aws:ecs/cluster:Cluster'],
    check: ({ props }, report) => {
      const insights = props
        .get('settings')
        .list()
        .find((setting) => setting.get('name').text() === 'containerInsights');
      if (!['enabled', 'enhanced'].includes(insights?.get('value').text() ?? '')) {
        report.violation('containerInsights is not enabled');
      }
    },
  },
  {
    id: 'ecs-efs-encrypted',
    controls: ['ECS.18'],
    title: 'EFS volumes of tasks are encrypted in transit',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set efsVolumeConfiguration.transitEncryption to ENABLED.',
    types: [taskDefinition],
    check: ({ props }, report) =>
      report.each(props.get('volumes').list(), (volume) => {
        const efs = volume.get('efsVolumeConfiguration');
        if (efs.isSet && efs.get('transitEncryption').text() !== 'ENABLED') {
          report.violation(`volume ${volume.get('name').text() ?? ''} is not encrypted in transit`);
        }
      }),
  },
  flagRule({
    id: 'ecs-circuit-breaker',
    controls: [],
    title: 'ECS rolls a failed deployment back',
    severity: 'medium',
    level: 'advisory',
    fix: 'Set deploymentCircuitBreaker to { enable: true, rollback: true }.',
    types: [service],
    path: 'deploymentCircuitBreaker.rollback',
    wanted: true,
    byDefault: false,
  }),
  {
    id: 'ecs-full-capacity',
    controls: [],
    title: 'A release takes no running task away before the new ones serve',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set deploymentMinimumHealthyPercent to 100 (and deploymentMaximumPercent to 200).',
    types: [service],
    check: ({ props }, report) => {
      const percent = props.get('deploymentMinimumHealthyPercent').number() ?? 100;
      if (percent < 100) report.violation(`deploymentMinimumHealthyPercent is ${percent}`);
    },
  },
];

export function isRoot(user: string): boolean {
  return /^(root|0)(:|$)/.test(user);
}
