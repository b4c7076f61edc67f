import { describe, expect, it } from 'vitest';
import { Registered } from '../../test-support/registered.ts';
import type { CiAccessArgs } from './ciAccess.ts';

/** A statement as AWS is given it. */
interface Statement {
  Sid: string;
  Effect: 'Allow' | 'Deny';
  Action: string[];
  Resource?: string[];
  NotResource?: string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

const key = 'arn:aws:kms:eu-central-1:123456789012:key/abc';

async function access(overrides: Partial<CiAccessArgs> = {}): Promise<Registered> {
  return Registered.by(async () => {
    const { CiAccess } = await import('./ciAccess.ts');
    new CiAccess('ci', {
      repository: 'acme/chat',
      environment: 'prod',
      branch: 'main',
      place: { partition: 'aws', region: 'eu-central-1', accountId: '123456789012' },
      stateBucket: 'acme-state',
      stateKeyArn: key,
      ...overrides,
    });
  });
}

const roleType = 'aws:iam/role:Role';
const statements = (registered: Registered, role: string): Statement[] =>
  registered.policy('aws:iam/rolePolicy:RolePolicy', role).Statement as unknown as Statement[];
const statement = (all: Statement[], sid: string): Statement => {
  const found = all.find(({ Sid }) => Sid === sid);
  if (!found) throw new Error(`no statement ${sid}`);
  return found;
};
/** Whether an IAM pattern such as `ec2:Describe*` takes an action. */
const takes = (pattern: string, action: string): boolean =>
  new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 'i').test(action);
/** A simple reading of a policy: denied wins; conditions are not looked at. */
const allows = (all: Statement[], action: string, resource: string): boolean => {
  const matches = ({ Action, Resource, NotResource }: Statement): boolean =>
    Action.some((pattern) => takes(pattern, action)) &&
    (Resource
      ? Resource.some((pattern) => takes(pattern, resource))
      : !NotResource?.some((p) => takes(p, resource)));
  const matching = all.filter(matches);
  return (
    matching.some(({ Effect }) => Effect === 'Allow') &&
    !matching.some(({ Effect }) => Effect === 'Deny')
  );
};

describe('the roles of GitHub workflows', async () => {
  const registered = await access();

  it.each([
    ['ci-preview', ['repo:acme/chat:pull_request', 'repo:acme/chat:ref:refs/heads/main']],
    ['ci-deploy', ['repo:acme/chat:environment:prod']],
  ])('%s is for named kinds of jobs of one repository', (role, subjects) => {
    const [trust] = registered.policy(roleType, role, 'assumeRolePolicy').Statement;
    expect(trust?.['Condition']).toEqual({
      StringEquals: {
        'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com',
        'token.actions.githubusercontent.com:sub': subjects,
      },
    });
    expect(trust?.['Principal']).toEqual({ Federated: 'arn:aws:test:::ci-github' });
    expect(JSON.stringify(trust)).not.toContain('*');
  });

  it('use the account’s own provider when there is one', async () => {
    const oidcProviderArn =
      'arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com';
    const existing = await access({ oidcProviderArn });
    expect(existing.ofType('aws:iam/openIdConnectProvider:OpenIdConnectProvider')).toEqual([]);
    const [trust] = existing.policy(roleType, 'ci-deploy', 'assumeRolePolicy').Statement;
    expect(trust?.['Principal']).toEqual({ Federated: oidcProviderArn });
  });

  it.each(['ci-preview', 'ci-deploy'])(
    '%s has a policy that IAM takes: at most 10,240 characters',
    (role) => {
      expect(
        String(registered.inputs('aws:iam/rolePolicy:RolePolicy', role)['policy']).length,
      ).toBeLessThan(10_240);
    },
  );

  it.each(['ci-preview', 'ci-deploy'])('%s may not do everything to anything', (role) => {
    for (const { Effect, Action, Resource } of statements(registered, role)) {
      if (Effect === 'Deny') continue;
      expect(Action).not.toContain('*');
      if (Resource?.includes('*'))
        expect(Action.filter((action) => action.endsWith(':*'))).toEqual([]);
    }
  });
});

describe('a preview', async () => {
  const all = statements(await access(), 'ci-preview');
  const anything = 'arn:aws:x:eu-central-1:123456789012:y';

  it.each(['ec2:DescribeVpcs', 'rds:DescribeDBInstances', 'ecs:DescribeServices', 'iam:GetRole'])(
    'may %s',
    (action) => {
      expect(allows(all, action, anything)).toBe(true);
    },
  );

  it('may read the state and its key, and change neither', () => {
    expect(allows(all, 's3:GetObject', 'arn:aws:s3:::acme-state/.pulumi/x')).toBe(true);
    expect(allows(all, 'kms:Decrypt', key)).toBe(true);
    expect(allows(all, 's3:PutObject', 'arn:aws:s3:::acme-state/.pulumi/x')).toBe(false);
    expect(allows(all, 'kms:Encrypt', key)).toBe(false);
  });

  it('may read the stack’s own images, and no others', () => {
    const images = 'arn:aws:ecr:eu-central-1:123456789012:repository';
    expect(allows(all, 'ecr:BatchGetImage', `${images}/slipway-prod/app`)).toBe(true);
    expect(allows(all, 'ecr:BatchGetImage', `${images}/slipway-other/app`)).toBe(false);
  });

  it.each([
    'secretsmanager:GetSecretValue',
    'ssm:GetParameters',
    'logs:GetLogEvents',
    'ecs:ExecuteCommand',
  ])('may not %s, whatever else is attached to its role', (action) => {
    const readOnlyAccess: Statement = {
      Sid: 'Else',
      Effect: 'Allow',
      Action: ['*'],
      Resource: ['*'],
    };
    expect(allows([...all, readOnlyAccess], action, anything)).toBe(false);
    expect(allows([...all, readOnlyAccess], 's3:GetObject', 'arn:aws:s3:::other/x')).toBe(false);
    expect(allows([...all, readOnlyAccess], 'kms:Decrypt', `${key}-other`)).toBe(false);
  });

  it('changes nothing: every action it may call reads', () => {
    for (const { Effect, Action } of all) {
      if (Effect === 'Deny') continue;
      for (const action of Action)
        expect(action).toMatch(/:(Get|List|Describe|BatchGetImage$|Decrypt$)/);
    }
  });

  it('decrypts nothing where the state has no key', async () => {
    const without = statements(await access({ stateKeyArn: undefined }), 'ci-preview');
    expect(allows(without, 'kms:Decrypt', key)).toBe(false);
  });
});

describe('a deployment', async () => {
  it('signs with the key that is named, and with no other', async () => {
    const signingKeyArn = 'arn:aws:kms:eu-central-1:123456789012:key/sign';
    const named = statements(await access({ signingKeyArn }), 'ci-deploy');
    expect(allows(named, 'kms:Sign', signingKeyArn)).toBe(true);
    expect(allows(named, 'kms:Sign', key)).toBe(false);
    const without = statements(await access(), 'ci-deploy');
    expect(allows(without, 'kms:Sign', signingKeyArn)).toBe(false);
  });

  const registered = await access();
  const all = statements(registered, 'ci-deploy');
  const boundaryArn = 'arn:aws:iam::123456789012:policy/slipway-ci/prod/boundary';

  it('manages the stack’s own kinds of things, in its own region and account', () => {
    expect(
      allows(all, 'ecs:UpdateService', 'arn:aws:ecs:eu-central-1:123456789012:service/x/y'),
    ).toBe(true);
    expect(allows(all, 'ecs:UpdateService', 'arn:aws:ecs:us-east-1:123456789012:service/x/y')).toBe(
      false,
    );
    expect(allows(all, 'rds:DeleteDBInstance', 'arn:aws:rds:eu-central-1:210987654321:db:x')).toBe(
      false,
    );
    expect(allows(all, 'ec2:RunInstances', '*')).toBe(false);
    expect(statement(all, 'Network').Condition).toEqual({
      StringEquals: { 'aws:RequestedRegion': 'eu-central-1' },
    });
  });

  it('makes roles only in the stack’s path and within the boundary', () => {
    const mine = 'arn:aws:iam::123456789012:role/slipway/prod/api-task';
    expect(allows(all, 'iam:CreateRole', mine)).toBe(true);
    expect(allows(all, 'iam:CreateRole', 'arn:aws:iam::123456789012:role/admin')).toBe(false);
    for (const action of [
      'iam:CreateRole',
      'iam:PutRolePolicy',
      'iam:AttachRolePolicy',
      'iam:PutRolePermissionsBoundary',
    ]) {
      const granting = all.filter(({ Action }) => Action.some((pattern) => takes(pattern, action)));
      expect(granting.map(({ Sid }) => Sid)).toEqual(['BoundedRoles']);
    }
    expect(statement(all, 'BoundedRoles').Condition).toEqual({
      StringEquals: { 'iam:PermissionsBoundary': boundaryArn },
    });
    expect(allows(all, 'iam:DeleteRolePermissionsBoundary', mine)).toBe(false);
    expect(registered.inputs('aws:iam/policy:Policy', 'ci-boundary')).toMatchObject({
      name: 'boundary',
      path: '/slipway-ci/prod/',
    });
  });

  it('cannot change its own rights, the boundary, or users', () => {
    const own = 'arn:aws:iam::123456789012:role/slipway-ci/prod/ci-deploy-1a2b';
    expect(registered.inputs(roleType, 'ci-deploy')['path']).toBe('/slipway-ci/prod/');
    expect(allows(all, 'iam:PutRolePolicy', own)).toBe(false);
    expect(allows(all, 'iam:UpdateAssumeRolePolicy', own)).toBe(false);
    expect(allows(all, 'iam:CreatePolicyVersion', boundaryArn)).toBe(false);
    expect(allows(all, 'iam:CreateUser', '*')).toBe(false);
  });

  it('cannot open or delete the bucket of the state', () => {
    expect(allows(all, 's3:PutObject', 'arn:aws:s3:::acme-state/x')).toBe(true);
    expect(allows(all, 's3:PutBucketPolicy', 'arn:aws:s3:::acme-state')).toBe(false);
    expect(allows(all, 's3:DeleteBucket', 'arn:aws:s3:::acme-state')).toBe(false);
    expect(allows(all, 's3:GetObject', 'arn:aws:s3:::other/x')).toBe(false);
  });

  it('passes roles to the services that run the stack, and to no other', () => {
    expect(JSON.stringify(statement(all, 'PassRoles').Condition)).toContain(
      'ecs-tasks.amazonaws.com',
    );
    expect(JSON.stringify(statement(all, 'PassRoles').Condition)).not.toMatch(
      /lambda|ec2\.amazonaws/,
    );
  });
});

describe('the boundary of a stack’s roles', async () => {
  const registered = await access();
  const all = registered.policy('aws:iam/policy:Policy', 'ci-boundary')
    .Statement as unknown as Statement[];
  const inAccount = (service: string) => `arn:aws:${service}:eu-central-1:123456789012:x`;

  it('has room for what tasks do', () => {
    expect(allows(all, 'secretsmanager:GetSecretValue', inAccount('secretsmanager'))).toBe(true);
    expect(allows(all, 'ecr:BatchGetImage', inAccount('ecr'))).toBe(true);
    expect(allows(all, 's3:PutObject', 'arn:aws:s3:::media/x')).toBe(true);
  });

  it('lets keys be used through the services that tasks call, and by nobody directly', () => {
    const using = all.filter(({ Action }) => Action.some((pattern) => /^kms:/.test(pattern)));
    expect(using.map(({ Condition }) => Condition)).toEqual([
      {
        StringEquals: {
          'kms:ViaService': [
            's3.eu-central-1.amazonaws.com',
            'secretsmanager.eu-central-1.amazonaws.com',
          ],
        },
      },
    ]);
  });

  it('has none for roles, other regions’ secrets, or the state', () => {
    expect(allows(all, 'iam:CreateRole', '*')).toBe(false);
    expect(allows(all, 'sts:AssumeRole', '*')).toBe(false);
    expect(allows(all, 'ecs:RunTask', inAccount('ecs'))).toBe(false);
    expect(
      allows(
        all,
        'secretsmanager:GetSecretValue',
        'arn:aws:secretsmanager:us-east-1:123456789012:x',
      ),
    ).toBe(false);
    expect(allows(all, 's3:GetObject', 'arn:aws:s3:::acme-state/.pulumi/x')).toBe(false);
  });

  it('is a policy that IAM takes: at most 6,144 characters', () => {
    expect(
      String(registered.inputs('aws:iam/policy:Policy', 'ci-boundary')['policy']).length,
    ).toBeLessThan(6144);
  });
});
