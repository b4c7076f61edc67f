import { bucketArn, repositoryArn, stateKey, type CiScope } from './ciScope.ts';
import type { Statement } from './policies.ts';

/** These read what things are, never the data in them. Most of the calls take no resource. */
export const readActions = [
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

/** The rights of a workflow that may compute a preview, and look for drift but in secret values. */
export function previewStatements(scope: CiScope): Statement[] {
  const state = bucketArn(scope);
  return [
    { Sid: 'Read', Effect: 'Allow', Action: readActions, Resource: ['*'] },
    { Sid: 'ListState', Effect: 'Allow', Action: ['s3:ListBucket'], Resource: [state] },
    { Sid: 'ReadState', Effect: 'Allow', Action: ['s3:GetObject'], Resource: [`${state}/*`] },
    ...stateKey(scope, ['kms:Decrypt']),
    // The image that serves says which migrations it carries, and for which machine it is made.
    {
      Sid: 'ReadImage',
      Effect: 'Allow',
      Action: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
      Resource: [repositoryArn(scope)],
    },
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
