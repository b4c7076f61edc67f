import { Role, type RoleArgs } from '@pulumi/aws/iam/role.js';
import { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import * as pulumi from '@pulumi/pulumi';
import { serviceHost, type AwsPlace, type RoleDefaults } from '../naming.ts';
import { Component, type Transform } from '../../component.ts';
import { policyDocument, serviceTrustPolicy, type Statement } from '../access/policies.ts';

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
  /** The rights of the app itself; none by default. */
  statements?: Statement[];
  /** Changes the roles, applied last. */
  transform?: { executionRole?: Transform<RoleArgs>; taskRole?: Transform<RoleArgs> };
}

/** The two roles of one task: ECS starts it with the first, its code runs with the second. */
export class TaskRoles extends Component {
  /** Pulls the image, reads the secrets, writes the log. */
  readonly executionRoleArn: pulumi.Output<string>;
  /** The code in the container runs with it. */
  readonly taskRoleArn: pulumi.Output<string>;

  constructor(name: string, args: TaskRolesArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:TaskRoles', name, opts);
    const { transform = {} } = args;
    this.executionRoleArn = this.#createRole(
      'execution',
      executionStatements(args),
      args,
      transform.executionRole,
    );
    const statements = [...(args.exec ? [sessionStatement] : []), ...(args.statements ?? [])];
    this.taskRoleArn = this.#createRole('task', statements, args, transform.taskRole);
    this.registerOutputs({});
  }

  #createRole(
    role: string,
    statements: Statement[],
    { place, roleDefaults }: TaskRolesArgs,
    transform: Transform<RoleArgs> | undefined,
  ): pulumi.Output<string> {
    const assumeRolePolicy = taskTrustPolicy(place);
    const { arn, id } = this.child(
      Role,
      role,
      { ...roleDefaults, assumeRolePolicy },
      { transform },
    );
    if (statements.length === 0) return arn;
    const policy = this.child(RolePolicy, role, { role: id, policy: policyDocument(statements) });
    // A task fails that starts before its role has its rights.
    return pulumi.all([arn, policy.id]).apply(([known]) => known);
  }
}

/** Lets the tasks of this account and region take on a role. */
function taskTrustPolicy(place: AwsPlace): pulumi.Output<string> {
  const { partition, region, accountId } = place;
  return serviceTrustPolicy('ecs-tasks.amazonaws.com', place, {
    ArnLike: { 'aws:SourceArn': `arn:${partition}:ecs:${region}:${accountId}:*` },
  });
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
      Condition: { StringEquals: { 'kms:ViaService': serviceHost(place, 'secretsmanager') } },
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
