import { Role, type RoleArgs } from '@pulumi/aws/iam/role.js';
import { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import * as pulumi from '@pulumi/pulumi';
import { serviceDomain, type RoleDefaults } from '../naming.ts';
import {
  policyDocument,
  taskTrustPolicy,
  type AwsPlace,
  type Statement,
} from '../access/policies.ts';
import { transformed, type Transform } from '../transform.ts';

export interface TaskRolesArgs {
  place: AwsPlace;
  roleDefaults: RoleDefaults;
  repositoryArn: pulumi.Input<string>;
  logGroupArn: pulumi.Input<string>;
  /** The secrets of this task alone. */
  secretArns: pulumi.Input<string>[];
  /** Encrypts the secrets. */
  kmsKeyArn: pulumi.Input<string>;
  /** Lets `aws ecs execute-command` in. */
  exec: boolean;
  /** What the app itself may do with AWS; nothing by default. */
  statements?: Statement[];
  /** The escape hatch: changes what a role is registered with. */
  transform?: { executionRole?: Transform<RoleArgs>; taskRole?: Transform<RoleArgs> };
}

/** The two roles of one task: ECS starts it with the first, its code runs with the second. */
export class TaskRoles extends pulumi.ComponentResource {
  /** Pulls the image, reads the secrets, writes the log. */
  readonly executionRoleArn: pulumi.Output<string>;
  /** What the code in the container can do. */
  readonly taskRoleArn: pulumi.Output<string>;

  constructor(name: string, args: TaskRolesArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:TaskRoles', name, {}, opts);
    const role = (
      role: string,
      transform: Transform<RoleArgs> | undefined,
      statements: Statement[],
    ) => {
      const created = new Role(
        ...transformed(
          transform,
          `${name}-${role}`,
          { ...args.roleDefaults, assumeRolePolicy: taskTrustPolicy(args.place) },
          { parent: this },
        ),
      );
      if (statements.length === 0) return created.arn;
      const policy = new RolePolicy(
        `${name}-${role}`,
        { role: created.id, policy: policyDocument(statements) },
        { parent: this },
      );
      // A task that starts before its role may do anything fails.
      return pulumi.all([created.arn, policy.id]).apply(([arn]) => arn);
    };
    this.executionRoleArn = role(
      'execution',
      args.transform?.executionRole,
      executionStatements(args),
    );
    this.taskRoleArn = role('task', args.transform?.taskRole, [
      ...(args.exec ? [sessionStatement] : []),
      ...(args.statements ?? []),
    ]);
    this.registerOutputs({});
  }
}

function executionStatements(args: TaskRolesArgs): Statement[] {
  const { place, secretArns } = args;
  const statements: Statement[] = [
    // This one action knows no resource.
    { Sid: 'Registry', Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' },
    {
      Sid: 'Image',
      Effect: 'Allow',
      Action: [
        'ecr:BatchCheckLayerAvailability',
        'ecr:BatchGetImage',
        'ecr:GetDownloadUrlForLayer',
      ],
      Resource: args.repositoryArn,
    },
    {
      Sid: 'Log',
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: pulumi.interpolate`${args.logGroupArn}:*`,
    },
  ];
  if (secretArns.length === 0) return statements;
  return [
    ...statements,
    {
      Sid: 'Secrets',
      Effect: 'Allow',
      Action: 'secretsmanager:GetSecretValue',
      Resource: secretArns,
    },
    {
      Sid: 'SecretsKey',
      Effect: 'Allow',
      Action: 'kms:Decrypt',
      Resource: args.kmsKeyArn,
      Condition: {
        StringEquals: {
          'kms:ViaService': `secretsmanager.${place.region}.${serviceDomain(place.partition)}`,
        },
      },
    },
  ];
}

/** A session's channels know no resource. */
const sessionStatement: Statement = {
  Sid: 'Sessions',
  Effect: 'Allow',
  Action: [
    'ssmmessages:CreateControlChannel',
    'ssmmessages:CreateDataChannel',
    'ssmmessages:OpenControlChannel',
    'ssmmessages:OpenDataChannel',
  ],
  Resource: '*',
};
