import type * as pulumi from '@pulumi/pulumi';

type Text = pulumi.Input<string>;

/** An event that somebody should know of at once. */
export interface EventRow {
  /** Kebab-case, unique in a stack. */
  name: string;
  description: string;
  pattern: Record<string, unknown>;
  /** Parts of the event, by JSON path, that the message names in angle brackets. */
  paths: Record<string, string>;
  message: string;
}

export interface EventSubjects {
  clusterArn: Text;
  /** Begins the ARN of every service of the cluster. */
  serviceArnPrefix: Text;
  /** Family of the task definition that runs the migrations. */
  migrationFamily: string;
  databaseIdentifier: Text;
}

/** EventBridge reports these beside the alarms: things that happen once and do not last. */
export function eventTable(subjects: EventSubjects): EventRow[] {
  const { clusterArn } = subjects;
  const stopped = { source: ['aws.ecs'], 'detail-type': ['ECS Task State Change'] };
  const task = {
    task: '$.detail.taskArn',
    group: '$.detail.group',
    reason: '$.detail.stoppedReason',
  };
  const migrations = `family:${subjects.migrationFamily}`;
  const failed = {
    clusterArn: [clusterArn],
    lastStatus: ['STOPPED'],
    containers: { exitCode: [{ 'anything-but': 0 }] },
  };
  return [
    {
      name: 'deployment-failed',
      description: 'A deployment did not become healthy and was rolled back',
      pattern: {
        source: ['aws.ecs'],
        'detail-type': ['ECS Deployment State Change'],
        resources: [{ prefix: subjects.serviceArnPrefix }],
        detail: { eventName: ['SERVICE_DEPLOYMENT_FAILED'] },
      },
      paths: { service: '$.resources[0]', reason: '$.detail.reason' },
      message: 'A deployment of <service> failed: <reason>. The version before serves on.',
    },
    {
      name: 'migration-failed',
      description: 'The task that runs migrations ended with an error',
      pattern: { ...stopped, detail: { ...failed, group: [{ prefix: migrations }] } },
      paths: task,
      message:
        'The migrations failed (<reason>), task <task>. No service was touched; the update shows the log.',
    },
    {
      name: 'task-crashed',
      description: 'A task of a service ended by itself with an error',
      pattern: {
        ...stopped,
        detail: {
          ...failed,
          group: [{ prefix: 'service:' }],
          stopCode: ['EssentialContainerExited'],
        },
      },
      paths: task,
      message: 'A task of <group> crashed (<reason>), task <task>. ECS starts another.',
    },
    {
      name: 'task-not-started',
      description: 'A task could not start: no image, no secret, no capacity',
      pattern: {
        ...stopped,
        detail: { clusterArn: [clusterArn], stopCode: ['TaskFailedToStart'] },
      },
      paths: task,
      message: 'A task of <group> could not start: <reason>. Task <task>.',
    },
    {
      name: 'database-event',
      description: 'The database failed over, failed, or is short of storage',
      pattern: {
        source: ['aws.rds'],
        'detail-type': ['RDS DB Instance Event'],
        detail: {
          SourceIdentifier: [subjects.databaseIdentifier],
          EventCategories: ['failover', 'failure', 'low storage', 'recovery', 'deletion'],
        },
      },
      paths: { database: '$.detail.SourceIdentifier', text: '$.detail.Message' },
      message: 'Database <database>: <text>',
    },
  ];
}
