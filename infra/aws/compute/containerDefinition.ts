import type * as pulumi from '@pulumi/pulumi';

/** One container of a task, before it is the JSON that ECS takes. */
export interface ContainerArgs {
  name: string;
  /** `<repository>@<digest>`. */
  image: pulumi.Input<string>;
  /** Arguments of the image's entry point. */
  command: string[];
  /** Not secret: whoever may look at the task definition reads it. */
  environment: Record<string, pulumi.Input<string>>;
  /** Variable → version of a secret. */
  secrets: Record<string, pulumi.Input<string>>;
  port?: number;
  /** `['CMD', …]`; without, ECS asks nothing. */
  healthCheck?: string[];
  /** How long a task gets after SIGTERM, seconds. Fargate allows 120. */
  stopTimeoutSeconds: number;
  logGroup: pulumi.Input<string>;
  region: string;
  /** Gives the agent of `aws ecs execute-command` places to write to. */
  exec: boolean;
}

/**
 * Where the agent of `execute-command` writes; it runs as root, under a root file system that is
 * read-only.
 */
const execPaths = { 'exec-state': '/var/lib/amazon', 'exec-log': '/var/log/amazon' } as const;

/** The volumes that a container's mount points name. */
export function containerVolumes(exec: boolean): { name: string }[] {
  return exec ? Object.keys(execPaths).map((name) => ({ name })) : [];
}

/** A plain user, a read-only root file system, no capability, and nothing secret in plain sight. */
export function containerDefinition(args: ContainerArgs): Record<string, unknown> {
  const { port } = args;
  return {
    name: args.name,
    image: args.image,
    essential: true,
    command: args.command,
    user: '1000:1000',
    readonlyRootFilesystem: true,
    linuxParameters: { initProcessEnabled: true, capabilities: { drop: ['ALL'] } },
    environment: sorted(args.environment).map(([name, value]) => ({ name, value })),
    secrets: sorted(args.secrets).map(([name, valueFrom]) => ({ name, valueFrom })),
    ...(port !== undefined && {
      portMappings: [{ containerPort: port, hostPort: port, protocol: 'tcp' }],
    }),
    ...(args.healthCheck && {
      healthCheck: {
        command: args.healthCheck,
        interval: 10,
        timeout: 5,
        retries: 3,
        startPeriod: 30,
      },
    }),
    ...(args.exec && {
      mountPoints: Object.entries(execPaths).map(([sourceVolume, containerPath]) => ({
        sourceVolume,
        containerPath,
        readOnly: false,
      })),
    }),
    stopTimeout: Math.min(args.stopTimeoutSeconds, 120),
    logConfiguration: {
      logDriver: 'awslogs',
      options: {
        'awslogs-group': args.logGroup,
        'awslogs-region': args.region,
        'awslogs-stream-prefix': args.name,
        // When CloudWatch is slow, lines are lost rather than requests.
        mode: 'non-blocking',
        'max-buffer-size': '8m',
      },
    },
  };
}

/** By name: another order would be another task definition. */
function sorted<T>(record: Record<string, T>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}
