import { LogGroup, type LogGroupArgs } from '@pulumi/aws/cloudwatch/logGroup.js';
import { TaskDefinition, type TaskDefinitionArgs } from '@pulumi/aws/ecs/taskDefinition.js';
import * as pulumi from '@pulumi/pulumi';
import type { Environment } from '../../environment.ts';
import { UserError } from '../../userError.ts';
import { containerDefinition, containerVolumes } from './containerDefinition.ts';
import { smallestFargateSize } from '../../config/fargateSize.ts';
import type { RoleDefaults } from '../naming.ts';
import type { AwsPlace, Statement } from '../access/policies.ts';
import type { SecretStore } from '../access/secretStore.ts';
import { TaskRoles } from './taskRoles.ts';
import { transformed, type Transform } from '../transform.ts';

/** What every task of a stack has in common. */
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
  /** What the app itself may do with AWS; nothing by default. */
  statements?: Statement[];
  /** The escape hatch: changes what an underlying resource is registered with. */
  transform?: {
    taskDefinition?: Transform<TaskDefinitionArgs>;
    logGroup?: Transform<LogGroupArgs>;
  };
}

/** What runs: a task definition of one container, with its log group and roles of its own. */
export class Task extends pulumi.ComponentResource {
  /** With its revision. */
  readonly arn: pulumi.Output<string>;
  readonly family: string;
  readonly containerName: string;
  readonly logGroupName: pulumi.Output<string>;

  constructor(name: string, args: TaskArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:Task', name, {}, opts);
    const { place, environment, secretStore } = args;
    const size = smallestFargateSize(args.cpus, args.memoryMb);
    if (!size)
      throw new UserError(
        `Fargate has no size for ${name}: ${args.cpus} vCPU with ${args.memoryMb} MiB.`,
      );
    this.containerName = name;
    this.family = `${args.prefix}-${name}`;
    const log = new LogGroup(
      ...transformed(
        args.transform?.logGroup,
        `${name}-log`,
        {
          name: `${args.logPrefix}/${name}`,
          retentionInDays: args.logRetentionDays,
          kmsKeyId: args.kmsKeyArn,
        },
        { parent: this },
      ),
    );
    const secrets = Object.entries(environment.secret).map(
      ([variable, value]) => [variable, secretStore.reference(variable, value)] as const,
    );
    const roles = new TaskRoles(
      name,
      {
        place,
        roleDefaults: args.roleDefaults,
        repositoryArn: args.repositoryArn,
        logGroupArn: log.arn,
        secretArns: secrets.map(([, { arn }]) => arn),
        kmsKeyArn: args.kmsKeyArn,
        exec: args.exec,
        ...(args.statements && { statements: args.statements }),
      },
      { parent: this },
    );
    const definition = new TaskDefinition(
      ...transformed<TaskDefinitionArgs>(
        args.transform?.taskDefinition,
        `${name}-definition`,
        {
          family: this.family,
          requiresCompatibilities: ['FARGATE'],
          networkMode: 'awsvpc',
          cpu: String(size.cpu),
          memory: String(size.memoryMb),
          runtimePlatform: {
            operatingSystemFamily: 'LINUX',
            cpuArchitecture: args.architecture === 'arm64' ? 'ARM64' : 'X86_64',
          },
          executionRoleArn: roles.executionRoleArn,
          taskRoleArn: roles.taskRoleArn,
          containerDefinitions: pulumi.jsonStringify([
            containerDefinition({
              name,
              image: args.image,
              command: args.command,
              environment: environment.plain,
              secrets: Object.fromEntries(
                secrets.map(([variable, { valueFrom }]) => [variable, valueFrom]),
              ),
              ...(args.port !== undefined && { port: args.port }),
              ...(args.healthCheck && { healthCheck: args.healthCheck }),
              stopTimeoutSeconds: args.stopTimeoutSeconds,
              logGroup: log.name,
              region: place.region,
              exec: args.exec,
            }),
          ]),
          volumes: containerVolumes(args.exec),
          // The revision before is what a rollback goes back to.
          skipDestroy: true,
        },
        { parent: this },
      ),
    );
    this.arn = definition.arn;
    this.logGroupName = log.name;
    this.registerOutputs({});
  }
}
