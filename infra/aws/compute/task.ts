import { LogGroup, type LogGroupArgs } from '@pulumi/aws/cloudwatch/logGroup.js';
import { TaskDefinition, type TaskDefinitionArgs } from '@pulumi/aws/ecs/taskDefinition.js';
import * as pulumi from '@pulumi/pulumi';
import { Component, type Transform } from '../../component.ts';
import type { Environment } from '../../environment.ts';
import { UserError } from '../../config/userError.ts';
import { containerDefinition, containerVolumes } from './containerDefinition.ts';
import { smallestFargateSize } from '../../config/fargateSize.ts';
import type { AwsPlace, RoleDefaults } from '../naming.ts';
import type { Statement } from '../access/policies.ts';
import type { SecretReference, SecretStore } from '../access/secretStore.ts';
import { TaskRoles } from './taskRoles.ts';

/** All tasks of a stack have this in common. */
export interface TaskSetting {
  /** Such as `slipway-prod`. */
  prefix: string;
  /** Such as `/slipway/prod`. */
  logPrefix: string;
  place: AwsPlace;
  roleDefaults: RoleDefaults;
  architecture: 'x86_64' | 'arm64';
  image: pulumi.Input<string>;
  repositoryArn: pulumi.Input<string>;
  secretStore: SecretStore;
  /** Encrypts secrets and logs. */
  kmsKeyArn: pulumi.Input<string>;
  logRetentionDays: number;
  exec: boolean;
}

export interface TaskArgs extends TaskSetting {
  command: string[];
  environment: Environment;
  /** vCPUs; with the memory, rounded up to a size that Fargate offers. */
  cpus: number;
  memoryMb: number;
  port?: number;
  healthCheck?: string[];
  stopTimeoutSeconds: number;
  /** The rights of the app itself; none by default. */
  statements?: Statement[];
  /** Changes the underlying resources, applied last. */
  transform?: {
    taskDefinition?: Transform<TaskDefinitionArgs>;
    logGroup?: Transform<LogGroupArgs>;
  };
}

/** A task definition of one container, with a log group and roles of its own. */
export class Task extends Component {
  /** With its revision. */
  readonly arn: pulumi.Output<string>;
  readonly family: string;
  readonly containerName: string;
  readonly logGroupName: pulumi.Output<string>;

  constructor(name: string, args: TaskArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:Task', name, opts);
    const { environment, secretStore, transform = {} } = args;
    const size = fargate(name, args);
    this.containerName = name;
    this.family = `${args.prefix}-${name}`;
    const log = this.child(
      LogGroup,
      'log',
      {
        name: `${args.logPrefix}/${name}`,
        retentionInDays: args.logRetentionDays,
        kmsKeyId: args.kmsKeyArn,
      },
      { transform: transform.logGroup },
    );
    const secrets = Object.entries(environment.secret).map(
      ([variable, { name, value }]): Secret => [variable, secretStore.reference(name, value)],
    );
    const roles = this.child(TaskRoles, '', {
      place: args.place,
      roleDefaults: args.roleDefaults,
      repositoryArn: args.repositoryArn,
      logGroupArn: log.arn,
      secretArns: secrets.map(([, { arn }]) => arn),
      kmsKeyArn: args.kmsKeyArn,
      exec: args.exec,
      ...(args.statements && { statements: args.statements }),
    });
    const definition = this.child(
      TaskDefinition,
      'definition',
      {
        family: this.family,
        ...size,
        executionRoleArn: roles.executionRoleArn,
        taskRoleArn: roles.taskRoleArn,
        containerDefinitions: pulumi.jsonStringify([container(name, args, log, secrets)]),
        volumes: containerVolumes(args.exec),
        // A rollback goes back to the revision before.
        skipDestroy: true,
      },
      { transform: transform.taskDefinition },
    );
    this.arn = definition.arn;
    this.logGroupName = log.name;
    this.registerOutputs({});
  }
}

/** A secret variable, and where its value is. */
type Secret = [variable: string, reference: SecretReference];

function fargate(
  name: string,
  { cpus, memoryMb, architecture }: TaskArgs,
): Omit<TaskDefinitionArgs, 'family' | 'containerDefinitions'> {
  const size = smallestFargateSize(cpus, memoryMb);
  if (!size)
    throw new UserError(`Fargate has no size for ${name}: ${cpus} vCPU with ${memoryMb} MiB.`);
  return {
    requiresCompatibilities: ['FARGATE'],
    networkMode: 'awsvpc',
    cpu: String(size.cpu),
    memory: String(size.memoryMb),
    runtimePlatform: {
      operatingSystemFamily: 'LINUX',
      cpuArchitecture: architecture === 'arm64' ? 'ARM64' : 'X86_64',
    },
  };
}

function container(
  name: string,
  args: TaskArgs,
  log: LogGroup,
  secrets: Secret[],
): Record<string, unknown> {
  return containerDefinition({
    name,
    image: args.image,
    command: args.command,
    environment: args.environment.plain,
    secrets: Object.fromEntries(secrets.map(([variable, { valueFrom }]) => [variable, valueFrom])),
    ...(args.port !== undefined && { port: args.port }),
    ...(args.healthCheck && { healthCheck: args.healthCheck }),
    stopTimeoutSeconds: args.stopTimeoutSeconds,
    logGroup: log.name,
    region: args.place.region,
    exec: args.exec,
  });
}
