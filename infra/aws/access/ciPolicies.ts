import { serviceHost, type AwsPlace } from '../naming.ts';
import type { Statement } from './policies.ts';

/** Where a stack lives, for the ARNs of what its workflows may touch. */
export interface CiScope extends AwsPlace {
  /** Path of the stack's roles, `/slipway/prod/`. */
  rolePath: string;
  /** ARN of the policy that every role of the stack must have as its boundary. */
  boundaryArn: string;
  stateBucket: string;
  stateKeyArn?: string | undefined;
}

/** Reads what things are, never what is in them. Most of these calls take no resource. */
const readActions = [
  'acm:DescribeCertificate',
  'acm:ListTagsForCertificate',
  'application-autoscaling:Describe*',
  'application-autoscaling:ListTagsForResource',
  'cloudwatch:DescribeAlarms',
  'cloudwatch:GetDashboard',
  'cloudwatch:ListTagsForResource',
  'ec2:Describe*',
  'ecr:Describe*',
  'ecr:GetAuthorizationToken',
  'ecr:GetLifecyclePolicy',
  'ecr:GetRepositoryPolicy',
  'ecr:ListTagsForResource',
  'ecs:Describe*',
  'ecs:List*',
  'elasticache:Describe*',
  'elasticache:ListTagsForResource',
  'elasticloadbalancing:Describe*',
  'events:DescribeRule',
  'events:List*',
  'iam:Get*Role*',
  'iam:GetOpenIDConnectProvider',
  'iam:GetPolicy*',
  'iam:List*Role*',
  'iam:ListPolicyVersions',
  'kms:DescribeKey',
  'kms:GetKeyPolicy',
  'kms:GetKeyRotationStatus',
  'kms:ListAliases',
  'kms:ListResourceTags',
  'logs:Describe*',
  'logs:ListTagsForResource',
  'rds:Describe*',
  'rds:ListTagsForResource',
  'route53:Get*',
  'route53:List*',
  's3:GetAccelerateConfiguration',
  's3:GetBucket*',
  's3:GetEncryptionConfiguration',
  's3:GetLifecycleConfiguration',
  's3:GetReplicationConfiguration',
  's3:ListAllMyBuckets',
  'secretsmanager:DescribeSecret',
  'secretsmanager:GetResourcePolicy',
  'servicequotas:GetServiceQuota',
  'sns:Get*Attributes',
  'sns:ListSubscriptionsByTopic',
  'sns:ListTagsForResource',
  'wafv2:Get*',
  'wafv2:List*',
];

/** What a pull request's workflow may: compute a preview. */
export function previewStatements(scope: CiScope): Statement[] {
  const state = bucketArn(scope);
  return [
    { Sid: 'Read', Effect: 'Allow', Action: readActions, Resource: ['*'] },
    { Sid: 'ListState', Effect: 'Allow', Action: ['s3:ListBucket'], Resource: [state] },
    { Sid: 'ReadState', Effect: 'Allow', Action: ['s3:GetObject'], Resource: [`${state}/*`] },
    ...decryptState(scope, ['kms:Decrypt']),
    // Not allowed above; denied too, so that no policy somebody attaches later, such as
    // ReadOnlyAccess, allows it.
    {
      Sid: 'NoSecrets',
      Effect: 'Deny',
      Action: [
        'ecs:ExecuteCommand',
        'ecs:RunTask',
        'logs:FilterLogEvents',
        'logs:GetLogEvents',
        'logs:StartQuery',
        'rds:DownloadDBLogFilePortion',
        'rds-db:connect',
        'secretsmanager:BatchGetSecretValue',
        'secretsmanager:GetSecretValue',
        'ssm:GetParameter*',
        'ssm:StartSession',
      ],
      Resource: ['*'],
    },
    {
      Sid: 'NoOtherObjects',
      Effect: 'Deny',
      Action: ['s3:GetObject*'],
      NotResource: [`${state}/*`],
    },
    scope.stateKeyArn
      ? {
          Sid: 'NoOtherKeys',
          Effect: 'Deny',
          Action: ['kms:Decrypt'],
          NotResource: [scope.stateKeyArn],
        }
      : { Sid: 'NoKeys', Effect: 'Deny', Action: ['kms:Decrypt'], Resource: ['*'] },
  ];
}

/** What a deployment may: manage the stack's own kinds of things in its own region and account. */
export function deployStatements(scope: CiScope): Statement[] {
  const { partition, region, accountId, rolePath, boundaryArn } = scope;
  const state = bucketArn(scope);
  const here = { StringEquals: { 'aws:RequestedRegion': region } };
  const regional = (service: string) => `arn:${partition}:${service}:${region}:${accountId}:*`;
  const roles = [`arn:${partition}:iam::${accountId}:role${rolePath}*`];
  const services = [
    'application-autoscaling',
    'cloudwatch',
    'ecr',
    'ecs',
    'elasticache',
    'elasticloadbalancing',
    'events',
  ];
  services.push('logs', 'rds', 'secretsmanager', 'sns', 'wafv2');
  return [
    { Sid: 'Read', Effect: 'Allow', Action: readActions, Resource: ['*'] },
    {
      Sid: 'Services',
      Effect: 'Allow',
      Action: services.map((service) => `${service}:*`),
      // A dashboard has no region in its ARN.
      Resource: [
        ...services.map(regional),
        `arn:${partition}:cloudwatch::${accountId}:dashboard/*`,
      ],
    },
    {
      // These take no resource, or one that has no name before it is made.
      Sid: 'Unnamed',
      Effect: 'Allow',
      Action: [
        'acm:AddTagsToCertificate',
        'acm:DeleteCertificate',
        'acm:RequestCertificate',
        'ecs:DeregisterTaskDefinition',
        'kms:CreateAlias',
        'kms:CreateGrant',
        'kms:CreateKey',
        'kms:DeleteAlias',
        'kms:EnableKeyRotation',
        'kms:GenerateDataKey*',
        'kms:PutKeyPolicy',
        'kms:ScheduleKeyDeletion',
        'kms:TagResource',
        'logs:CreateLogDelivery',
        'logs:DeleteLogDelivery',
        'logs:PutResourcePolicy',
      ],
      Resource: ['*'],
      Condition: here,
    },
    { Sid: 'Network', Effect: 'Allow', Action: networkActions, Resource: ['*'], Condition: here },
    {
      Sid: 'Names',
      Effect: 'Allow',
      Action: ['route53:ChangeResourceRecordSets'],
      Resource: [`arn:${partition}:route53:::hostedzone/*`],
    },
    {
      Sid: 'Buckets',
      Effect: 'Allow',
      Action: [
        's3:CreateBucket',
        's3:DeleteBucket',
        's3:DeleteBucketPolicy',
        's3:ListBucket',
        's3:PutBucket*',
        's3:PutEncryptionConfiguration',
        's3:PutLifecycleConfiguration',
      ],
      Resource: [`arn:${partition}:s3:::*`],
      Condition: here,
    },
    {
      Sid: 'StateStaysPrivate',
      Effect: 'Deny',
      Action: [
        's3:DeleteBucket',
        's3:DeleteBucketPolicy',
        's3:PutBucket*',
        's3:PutLifecycleConfiguration',
      ],
      Resource: [state],
    },
    {
      Sid: 'State',
      Effect: 'Allow',
      Action: ['s3:DeleteObject', 's3:GetObject', 's3:ListBucket', 's3:PutObject'],
      Resource: [state, `${state}/*`],
    },
    ...decryptState(scope, ['kms:Decrypt', 'kms:Encrypt']),
    {
      // The stack's own secrets and images, through the services that keep them, never by itself.
      Sid: 'KeysOfServices',
      Effect: 'Allow',
      Action: ['kms:Decrypt'],
      Resource: [`arn:${partition}:kms:${region}:${accountId}:key/*`],
      Condition: viaServices(scope, ['ecr', 'secretsmanager']),
    },
    {
      Sid: 'Roles',
      Effect: 'Allow',
      Action: [
        'iam:DeleteRole',
        'iam:TagRole',
        'iam:UntagRole',
        'iam:UpdateAssumeRolePolicy',
        'iam:UpdateRole',
      ],
      Resource: roles,
    },
    {
      // Without the boundary, whoever deploys could give a role every right and let a task use it.
      Sid: 'BoundedRoles',
      Effect: 'Allow',
      Action: [
        'iam:AttachRolePolicy',
        'iam:CreateRole',
        'iam:DeleteRolePolicy',
        'iam:DetachRolePolicy',
        'iam:PutRolePermissionsBoundary',
        'iam:PutRolePolicy',
      ],
      Resource: roles,
      Condition: { StringEquals: { 'iam:PermissionsBoundary': boundaryArn } },
    },
    {
      Sid: 'PassRoles',
      Effect: 'Allow',
      Action: ['iam:PassRole'],
      Resource: roles,
      Condition: {
        StringEquals: {
          'iam:PassedToService': [
            'ecs-tasks.amazonaws.com',
            'ecs.amazonaws.com',
            'events.amazonaws.com',
            'monitoring.rds.amazonaws.com',
            'vpc-flow-logs.amazonaws.com',
          ],
        },
      },
    },
    {
      Sid: 'ServiceLinkedRoles',
      Effect: 'Allow',
      Action: ['iam:CreateServiceLinkedRole'],
      Resource: [`arn:${partition}:iam::${accountId}:role/aws-service-role/*`],
    },
  ];
}

const networkActions = [
  ...[
    'InternetGateway',
    'NatGateway',
    'Route',
    'RouteTable',
    'SecurityGroup',
    'Subnet',
    'Tags',
    'Vpc',
    'FlowLogs',
  ].flatMap((kind) => [`ec2:Create${kind}`, `ec2:Delete${kind}`]),
  'ec2:AllocateAddress',
  'ec2:AssociateRouteTable',
  'ec2:AttachInternetGateway',
  'ec2:AuthorizeSecurityGroup*',
  'ec2:CreateVpcEndpoint',
  'ec2:DeleteVpcEndpoints',
  'ec2:DetachInternetGateway',
  'ec2:DisassociateAddress',
  'ec2:DisassociateRouteTable',
  'ec2:ModifySecurityGroupRules',
  'ec2:ModifySubnetAttribute',
  'ec2:ModifyVpcAttribute',
  'ec2:ModifyVpcEndpoint',
  'ec2:ReleaseAddress',
  'ec2:ReplaceRoute',
  'ec2:ReplaceRouteTableAssociation',
  'ec2:RevokeSecurityGroup*',
];

/** The most that any role of the stack may do, whoever wrote its policy. */
export function boundaryStatements(scope: CiScope): Statement[] {
  const { partition, region, accountId } = scope;
  const state = bucketArn(scope);
  return [
    {
      Sid: 'RunTasks',
      Effect: 'Allow',
      Action: [
        'cloudwatch:PutMetricData',
        'ecr:BatchCheckLayerAvailability',
        'ecr:BatchGetImage',
        'ecr:GetAuthorizationToken',
        'ecr:GetDownloadUrlForLayer',
        'logs:CreateLogGroup',
        'logs:CreateLogStream',
        'logs:Describe*',
        'logs:GetLogEvents',
        'logs:PutLogEvents',
        'logs:PutRetentionPolicy',
        'ssmmessages:CreateControlChannel',
        'ssmmessages:CreateDataChannel',
        'ssmmessages:OpenControlChannel',
        'ssmmessages:OpenDataChannel',
      ],
      Resource: ['*'],
      Condition: { StringEquals: { 'aws:RequestedRegion': region } },
    },
    {
      Sid: 'ReadSecrets',
      Effect: 'Allow',
      Action: ['secretsmanager:GetSecretValue'],
      Resource: [`arn:${partition}:secretsmanager:${region}:${accountId}:*`],
    },
    {
      // The keys' ids are not known here; what a task reads and writes with them passes one of
      // these services.
      Sid: 'KeysOfServices',
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: [`arn:${partition}:kms:${region}:${accountId}:key/*`],
      Condition: viaServices(scope, ['s3', 'secretsmanager']),
    },
    {
      Sid: 'KeepMedia',
      Effect: 'Allow',
      Action: [
        's3:AbortMultipartUpload',
        's3:DeleteObject',
        's3:GetObject',
        's3:ListBucket',
        's3:PutObject',
      ],
      Resource: [`arn:${partition}:s3:::*`],
      Condition: { StringEquals: { 'aws:ResourceAccount': accountId } },
    },
    { Sid: 'NoState', Effect: 'Deny', Action: ['s3:*'], Resource: [state, `${state}/*`] },
  ];
}

/** Holds where one of these services uses a key for whoever calls it. */
function viaServices(place: AwsPlace, services: string[]): NonNullable<Statement['Condition']> {
  const hosts = services.map((service) => serviceHost(place, service));
  return { StringEquals: { 'kms:ViaService': hosts } };
}

function bucketArn({ partition, stateBucket }: CiScope): string {
  return `arn:${partition}:s3:::${stateBucket}`;
}

function decryptState({ stateKeyArn }: CiScope, actions: string[]): Statement[] {
  return stateKeyArn
    ? [{ Sid: 'StateKey', Effect: 'Allow', Action: actions, Resource: [stateKeyArn] }]
    : [];
}
