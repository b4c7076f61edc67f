import type { Rule } from '../rule.ts';
import { propertyRule } from '../shapes/propertyRule.ts';
import { taskContainerRule } from '../shapes/taskContainerRule.ts';
import { isRoot } from './rootUser.ts';

const service = 'aws:ecs/service:Service';
const taskDefinition = 'aws:ecs/taskDefinition:TaskDefinition';

/** Services, clusters, and what a task definition says about the whole task. */
const ecsServiceRules: Rule[] = [
  {
    id: 'ecs-no-public-ip',
    controls: ['ECS.2'],
    title: 'Tasks of services have no public address',
    severity: 'high',
    level: 'mandatory',
    note: 'Not judged with `cost: lean`, which has no NAT gateway. There a security group admits only the load balancer.',
    fix: 'Put the tasks into private subnets and set networkConfiguration.assignPublicIp to false.',
    types: [service],
    check: ({ props, setting }) =>
      setting('cost') !== 'lean' &&
      props.get('networkConfiguration.assignPublicIp').flag() &&
      'networkConfiguration.assignPublicIp is true',
  },
  propertyRule({
    id: 'ecs-no-host-processes',
    controls: ['ECS.3'],
    title: "Tasks do not share the host's processes",
    severity: 'high',
    level: 'mandatory',
    fix: 'Remove pidMode, or set it to "task".',
    types: [taskDefinition],
    path: 'pidMode',
    wanted: { not: ['host'] },
    byDefault: 'task',
  }),
  propertyRule({
    id: 'ecs-no-host-network',
    controls: ['ECS.17'],
    title: "Tasks do not use the host's network",
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set networkMode to "awsvpc".',
    types: [taskDefinition],
    path: 'networkMode',
    wanted: { not: ['host'] },
    byDefault: 'bridge',
  }),
  propertyRule({
    id: 'ecs-platform-version',
    controls: ['ECS.10'],
    title: 'Fargate services run on the latest platform version',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Remove platformVersion, or set it to LATEST.',
    types: [service],
    path: 'platformVersion',
    wanted: ['LATEST', '1.4.0'],
    byDefault: 'LATEST',
  }),
  {
    id: 'ecs-container-insights',
    controls: ['ECS.12'],
    title: 'Clusters use Container Insights',
    severity: 'medium',
    level: 'advisory',
    note: 'Billed per metric; off with `cost: lean`.',
    fix: 'Set containerInsights to enabled or enhanced in settings.',
    types: ['aws:ecs/cluster:Cluster'],
    check: ({ props }) => {
      const settings = props.get('settings').list();
      const insights = settings
        .find((setting) => setting.get('name').text() === 'containerInsights')
        ?.get('value')
        .text();
      return !['enabled', 'enhanced'].includes(insights ?? '') && 'containerInsights is off';
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
        if (!efs.isSet || efs.get('transitEncryption').text() === 'ENABLED') return undefined;
        return `volume ${volume.get('name').text() ?? ''} is not encrypted in transit`;
      }),
  },
  propertyRule({
    id: 'ecs-circuit-breaker',
    title: 'ECS rolls a failed deployment back',
    severity: 'medium',
    level: 'advisory',
    fix: 'Set deploymentCircuitBreaker to { enable: true, rollback: true }.',
    types: [service],
    path: 'deploymentCircuitBreaker.rollback',
    wanted: true,
    byDefault: false,
  }),
  propertyRule({
    id: 'ecs-full-capacity',
    title: 'A release stops no task before the new ones serve',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set deploymentMinimumHealthyPercent to 100 (and deploymentMaximumPercent to 200).',
    types: [service],
    path: 'deploymentMinimumHealthyPercent',
    wanted: { least: 100 },
    byDefault: 100,
  }),
];

const ecsContainerRules: Rule[] = [
  taskContainerRule(
    {
      id: 'ecs-not-privileged',
      controls: ['ECS.4'],
      title: 'Containers are not privileged',
      severity: 'high',
      level: 'mandatory',
      fix: 'Remove privileged from the container definition.',
    },
    (container) => container.get('privileged').flag() && 'is privileged',
  ),
  taskContainerRule(
    {
      id: 'ecs-read-only-root',
      controls: ['ECS.5'],
      title: 'Containers have a read-only root file system',
      severity: 'high',
      level: 'mandatory',
      fix: 'Set readonlyRootFilesystem to true. Mount a volume where the program writes.',
    },
    (container) =>
      !container.get('readonlyRootFilesystem').flag() && 'can write to its root file system',
  ),
  taskContainerRule(
    {
      id: 'ecs-non-root',
      controls: ['ECS.20'],
      title: 'Containers do not run as root',
      severity: 'medium',
      level: 'mandatory',
      fix: 'Set user in the container definition, such as "1000:1000".',
    },
    (container) => {
      const user = container.get('user').text();
      if (!user) return 'names no user';
      return isRoot(user) && `runs as ${user}`;
    },
  ),
  taskContainerRule(
    {
      id: 'ecs-drop-capabilities',
      title: 'Containers drop every Linux capability',
      severity: 'medium',
      level: 'advisory',
      fix: 'Set linuxParameters.capabilities.drop to ["ALL"].',
    },
    (container) =>
      !container.get('linuxParameters.capabilities.drop').texts().includes('ALL') &&
      'keeps the default capabilities',
  ),
  taskContainerRule(
    {
      id: 'ecs-logs',
      controls: ['ECS.9'],
      title: 'Containers send their logs away',
      severity: 'high',
      level: 'mandatory',
      fix: 'Set logConfiguration, with the log driver awslogs or awsfirelens.',
    },
    (container) => {
      const driver = container.get('logConfiguration.logDriver').text();
      return (!driver || driver === 'none') && 'has no log driver';
    },
  ),
];

export const ecsRules: Rule[] = [...ecsServiceRules, ...ecsContainerRules];
