import type { AwsPlace } from '../naming.ts';
import { bucketArn, stateKey, viaServices, type CiScope } from './ciScope.ts';
import type { Statement } from './policies.ts';
import { readActions } from './previewPolicy.ts';

/** The rights of a deployment: it manages the stack's own kinds of things in its own place. */
export function deployStatements(scope: CiScope): Statement[] {
  return [
    { Sid: 'Read', Effect: 'Allow', Action: readActions, Resource: ['*'] },
    ...serviceStatements(scope),
    ...networkStatements(scope),
    bucketStatement(scope),
    ...stateStatements(scope),
    keyStatement(scope),
    ...roleStatements(scope),
  ];
}

/** The services whose things have an ARN in the stack's region. */
const services = [
  'application-autoscaling',
  'cloudwatch',
  'ecr',
  'ecs',
  'elasticache',
  'elasticloadbalancing',
  'events',
  'logs',
  'rds',
  'secretsmanager',
  'sns',
  'wafv2',
];

function serviceStatements(scope: CiScope): Statement[] {
  const { partition, region, accountId } = scope;
  const regional = (service: string) => `arn:${partition}:${service}:${region}:${accountId}:*`;
  return [
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
      // These take no resource, or one without a name before it is made.
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
      Condition: inRegion(scope),
    },
  ];
}

function networkStatements(scope: CiScope): Statement[] {
  const Condition = inRegion(scope);
  return [
    { Sid: 'Network', Effect: 'Allow', Action: networkActions, Resource: ['*'], Condition },
    {
      Sid: 'Names',
      Effect: 'Allow',
      Action: ['route53:ChangeResourceRecordSets'],
      Resource: [`arn:${scope.partition}:route53:::hostedzone/*`],
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

function bucketStatement(scope: CiScope): Statement {
  return {
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
    Resource: [`arn:${scope.partition}:s3:::*`],
    Condition: inRegion(scope),
  };
}

function stateStatements(scope: CiScope): Statement[] {
  const state = bucketArn(scope);
  return [
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
    ...stateKey(scope, ['kms:Decrypt', 'kms:Encrypt']),
    ...(scope.signingKeyArn
      ? [
          {
            Sid: 'SigningKey',
            Effect: 'Allow' as const,
            Action: ['kms:GetPublicKey', 'kms:Sign'],
            Resource: [scope.signingKeyArn],
          },
        ]
      : []),
  ];
}

/** The stack's own secrets and images, through the services that keep them, never directly. */
function keyStatement(scope: CiScope): Statement {
  const { partition, region, accountId } = scope;
  return {
    Sid: 'KeysOfServices',
    Effect: 'Allow',
    Action: ['kms:Decrypt'],
    Resource: [`arn:${partition}:kms:${region}:${accountId}:key/*`],
    Condition: viaServices(scope, ['ecr', 'secretsmanager']),
  };
}

function roleStatements({ partition, accountId, rolePath, boundaryArn }: CiScope): Statement[] {
  const roles = [`arn:${partition}:iam::${accountId}:role${rolePath}*`];
  return [
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

function inRegion({ region }: AwsPlace): NonNullable<Statement['Condition']> {
  return { StringEquals: { 'aws:RequestedRegion': region } };
}
