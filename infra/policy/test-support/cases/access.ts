import { unknown } from '../../resource/value.ts';
import { sample, type Props, type ResourceCases, type StackCases } from '../samples.ts';

const document = (...Statement: Props[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const policy = (...statements: Props[]) =>
  sample('aws:iam/policy:Policy', { policy: document(...statements) });
const allow = (Action: unknown, Resource: unknown, more: Props = {}) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...more,
});
const role = (props: Props) => sample('aws:iam/role:Role', props);
const everybody = { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' };
const own = {
  Effect: 'Allow',
  Principal: { AWS: 'arn:aws:iam::123456789012:root' },
  Action: 'kms:*',
  Resource: '*',
};
const secret = { name: 'secret', type: 'aws:secretsmanager/secret:Secret', props: { id: unknown } };
const repository = { name: 'app', type: 'aws:ecr/repository:Repository', props: { name: 'app' } };
const key = (props: Props) => sample('aws:kms/key:Key', props);
const repo = (props: Props) => sample('aws:ecr/repository:Repository', props);

/** IAM, KMS, Secrets Manager and ECR. */
export const accessCases: ResourceCases = {
  'iam-no-full-access': {
    passes: {
      'named actions': policy(allow(['logs:PutLogEvents'], '*')),
      'named resources': policy(allow('*', 'arn:aws:s3:::bucket/*')),
      'a refusal': policy({ Effect: 'Deny', Action: '*', Resource: '*' }),
    },
    fires: {
      everything: policy(allow('*', '*')),
      'everything, as lists': policy(allow(['*'], ['*'])),
      'a policy that is no text': sample('aws:iam/policy:Policy', {
        policy: { Statement: allow('*', '*') },
      }),
      'one statement beside one that is not known': sample('aws:iam/rolePolicy:RolePolicy', {
        policy: { Statement: [unknown, allow('*', '*')] },
      }),
      'all but some': policy({ Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }),
      'inline in a role': role({
        inlinePolicies: [{ name: 'x', policy: document(allow('*', '*')) }],
      }),
    },
  },
  'iam-no-wildcard-actions': {
    passes: {
      'named actions': policy(allow('s3:GetObject', '*')),
      'one resource': policy(allow('s3:*', 'arn:aws:s3:::bucket')),
    },
    fires: { 'a whole service': policy(allow(['s3:*'], '*')) },
  },
  'iam-no-decrypt-all': {
    passes: {
      'one key': policy(allow('kms:Decrypt', 'arn:aws:kms:eu-central-1:123456789012:key/1')),
      'other actions': policy(allow(['kms:DescribeKey'], '*')),
      'through one service': policy(
        allow('kms:Decrypt', '*', {
          Condition: { StringEquals: { 'kms:ViaService': 'ecr.eu-central-1.amazonaws.com' } },
        }),
      ),
    },
    fires: {
      'every key': policy(allow('kms:Decrypt', '*')),
      'every key of the account': policy(allow('kms:Decrypt', 'arn:aws:kms:*:123456789012:key/*')),
      'by a pattern': policy(allow('kms:ReEncrypt*', '*')),
    },
  },
  'iam-no-administrators': {
    passes: {
      'a policy of ECS': sample('aws:iam/rolePolicyAttachment:RolePolicyAttachment', {
        policyArn: 'arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy',
      }),
    },
    fires: {
      attached: sample('aws:iam/rolePolicyAttachment:RolePolicyAttachment', {
        policyArn: 'arn:aws:iam::aws:policy/AdministratorAccess',
      }),
      'in the role': role({
        managedPolicyArns: [unknown, 'arn:aws:iam::aws:policy/IAMFullAccess'],
      }),
    },
  },
  'iam-trust-named': {
    passes: {
      'a service': role({
        assumeRolePolicy: document({
          Effect: 'Allow',
          Principal: { Service: 'ecs-tasks.amazonaws.com' },
          Action: 'sts:AssumeRole',
        }),
      }),
      'one repository of a provider': role({
        assumeRolePolicy: document({
          Effect: 'Allow',
          Principal: {
            Federated:
              'arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com',
          },
          Action: 'sts:AssumeRoleWithWebIdentity',
          Condition: {
            StringEquals: {
              'token.actions.githubusercontent.com:sub': 'repo:o/r:environment:prod',
            },
          },
        }),
      }),
    },
    fires: {
      everybody: role({
        assumeRolePolicy: document({ Effect: 'Allow', Principal: '*', Action: 'sts:AssumeRole' }),
      }),
      'every account': role({
        assumeRolePolicy: document({
          Effect: 'Allow',
          Principal: { AWS: '*' },
          Action: 'sts:AssumeRole',
        }),
      }),
      'everybody whom a provider knows': role({
        assumeRolePolicy: document({
          Effect: 'Allow',
          Principal: {
            Federated:
              'arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com',
          },
          Action: 'sts:AssumeRoleWithWebIdentity',
          Condition: {
            StringEquals: { 'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com' },
          },
        }),
      }),
    },
  },
  'kms-deletion-window': {
    passes: { 'the default': key({}) },
    fires: { 'a week': key({ deletionWindowInDays: 7 }) },
  },
  'kms-rotation': {
    passes: {
      on: key({ enableKeyRotation: true }),
      'a key pair': key({ customerMasterKeySpec: 'RSA_4096' }),
    },
    fires: { 'no word about it': key({}) },
  },
  'kms-private': {
    passes: { 'its account': key({ policy: document(own) }), 'no policy': key({}) },
    fires: { everybody: key({ policy: document(own, everybody) }) },
  },
  'secrets-recovery': {
    passes: { 'the default': sample('aws:secretsmanager/secret:Secret', {}) },
    fires: { none: sample('aws:secretsmanager/secret:Secret', { recoveryWindowInDays: 0 }) },
  },
  'secrets-private': {
    passes: { 'no policy': sample('aws:secretsmanager/secret:Secret', {}) },
    fires: {
      everybody: sample('aws:secretsmanager/secretPolicy:SecretPolicy', {
        policy: document(everybody),
      }),
    },
  },
  'ecr-scan': {
    passes: { on: repo({ imageScanningConfiguration: { scanOnPush: true } }) },
    fires: {
      'no word about it': repo({}),
      off: repo({ imageScanningConfiguration: { scanOnPush: false } }),
    },
  },
  'ecr-immutable-tags': {
    passes: {
      immutable: repo({ imageTagMutability: 'IMMUTABLE' }),
      'immutable but for some': repo({ imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION' }),
    },
    fires: { 'the default': repo({}), mutable: repo({ imageTagMutability: 'MUTABLE' }) },
  },
};

export const accessStackCases: StackCases = {
  'secrets-rotation': {
    passes: {
      rotates: [
        secret,
        {
          name: 'r',
          type: 'aws:secretsmanager/secretRotation:SecretRotation',
          from: { secretId: ['secret'] },
        },
      ],
    },
    fires: { 'does not': [secret] },
  },
  'ecr-lifecycle': {
    passes: {
      'a policy that names it': [
        repository,
        {
          name: 'l',
          type: 'aws:ecr/lifecyclePolicy:LifecyclePolicy',
          props: { repository: 'app' },
        },
      ],
      'a policy': [
        repository,
        {
          name: 'l',
          type: 'aws:ecr/lifecyclePolicy:LifecyclePolicy',
          from: { repository: ['app'] },
        },
      ],
    },
    fires: { none: [repository] },
  },
};
