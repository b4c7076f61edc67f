import * as aws from '@pulumi/aws';

const endpoint = process.env['EMULATOR_ENDPOINT'] ?? 'http://127.0.0.1:4566';
const services = [
  'acm',
  'cloudwatch',
  'cloudwatchevents',
  'cloudwatchlogs',
  'ec2',
  'ecr',
  'ecs',
  'elasticache',
  'elbv2',
  'iam',
  'kms',
  'rds',
  'route53',
  's3',
  'secretsmanager',
  'sns',
  'sqs',
  'ssm',
  'sts',
  'wafv2',
  'applicationautoscaling',
] as const;

export const provider = new aws.Provider('aws', {
  region: 'eu-central-1',
  accessKey: 'test',
  secretKey: 'test',
  skipCredentialsValidation: true,
  skipMetadataApiCheck: true,
  skipRequestingAccountId: false,
  s3UsePathStyle: true,
  endpoints: [Object.fromEntries(services.map((name) => [name, endpoint]))],
  defaultTags: { tags: { Project: 'bridge-proof' } },
  ignoreTags: { keyPrefixes: ['aws:'] },
});
