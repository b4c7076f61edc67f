import { bucketArn, viaServices, type CiScope } from './ciScope.ts';
import type { Statement } from './policies.ts';

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
