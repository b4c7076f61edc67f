import { beforeAll, describe, expect, it } from 'vitest';
import { costs, type Cost } from '../config/profile.ts';
import { renderStack } from '../aws/test-support/renderStack.ts';
import type { Recorded, Registered } from '../test-support/registered.ts';
import { allRules } from './rules/all.ts';
import { isStackRule, type Rule } from './rules/rule.ts';
import { judgeRendered, loosened } from './test-support/renderedStack.ts';

const stacks = {} as Record<Cost, Registered>;

beforeAll(async () => {
  for (const cost of costs) {
    const raw = {
      cost,
      waf: 'true',
      alarmEmail: 'ops@example.com',
      domain: 'chat.example.com',
      githubRepository: 'acme/chat',
      stateBucket: 'acme-state',
      stateKeyArn: 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    };
    stacks[cost] = await renderStack(raw, ({ services }) =>
      services.forEach((service) => (service.media = true)),
    );
  }
}, 240_000);

const mandatory = (stack: Recorded[], cost: Cost): string[] =>
  judgeRendered(stack, { cost })
    .filter(({ level }) => level === 'mandatory')
    .map(({ rule, resource, message }) => `${rule} ${resource}: ${message}`);

describe('the policy pack, held against a stack on AWS as it is rendered', () => {
  it.each(costs)('finds nothing mandatory in profile %s', (cost) => {
    expect(mandatory(stacks[cost].all, cost)).toEqual([]);
  });

  it('knows what depends on what', () => {
    const api = stacks.standard.all.find(({ type }) => type === 'slipway:aws:Service');
    const urns = new Set(stacks.standard.all.map(({ urn }) => urn));
    expect(urns.size).toBe(stacks.standard.all.length);
    expect(api?.dependencies.some((urn) => urn.endsWith('::migrations'))).toBe(true);
  });
});

/** The types of resources that a rule asks for. */
function judgedTypes(rule: Rule): string[] {
  if (!isStackRule(rule)) return rule.types;
  const asked: string[] = [];
  const ofType = (...types: string[]) => (asked.push(...types), []);
  rule.checkStack({ resources: [], ofType }, { violation: () => {}, each: () => undefined });
  return asked;
}

it.each(allRules.map((rule) => [rule.id, rule] as const))(
  'the program makes a resource that %s judges',
  (_id, rule) => {
    const rendered = Object.values(stacks).flatMap(({ all }) => all.map(({ type }) => type));
    const made = new Set([...rendered, 'docker:index/container:Container']);
    expect(judgedTypes(rule).filter((type) => made.has(type))).not.toEqual([]);
  },
);

type Inputs = Record<string, unknown>;

const set = (values: Inputs) => (inputs: Inputs) => void Object.assign(inputs, values);
/** Changes every container of a task definition. */
const containers = (values: Inputs) => (inputs: Inputs) => {
  const all = JSON.parse(inputs['containerDefinitions'] as string) as Inputs[];
  inputs['containerDefinitions'] = JSON.stringify(
    all.map((container) => ({ ...container, ...values })),
  );
};
/** Changes one statement of a policy document. */
const statement = (key: string, change: (statement: Inputs) => Inputs) => (inputs: Inputs) => {
  const document = JSON.parse(inputs[key] as string) as { Statement: Inputs[] };
  inputs[key] = JSON.stringify({ ...document, Statement: document.Statement.map(change) });
};

const instance = 'aws:rds/instance:Instance';
const cache = 'aws:elasticache/replicationGroup:ReplicationGroup';
const task = 'aws:ecs/taskDefinition:TaskDefinition';
const service = 'aws:ecs/service:Service';
const ingress = 'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule';

describe.each<
  [loosened: string, type: string, change: Parameters<typeof loosened>[2], rules: string[]]
>([
  [
    'a database that is not encrypted',
    instance,
    set({ storageEncrypted: false }),
    ['rds-encrypted'],
  ],
  [
    'a database with a public address',
    instance,
    set({ publiclyAccessible: true }),
    ['rds-not-public'],
  ],
  [
    'a database that can be deleted',
    instance,
    set({ deletionProtection: false }),
    ['rds-deletion-protection'],
  ],
  [
    'a database without a last snapshot',
    instance,
    set({ skipFinalSnapshot: true }),
    ['rds-final-snapshot'],
  ],
  ['a database without backups', instance, set({ backupRetentionPeriod: 0 }), ['rds-backups']],
  ['a password in plain sight', instance, set({ password: 'generated-secret' }), ['secret-inputs']],
  [
    'a database that takes connections without TLS',
    'aws:rds/parameterGroup:ParameterGroup',
    set({ parameters: [{ name: 'rds.force_ssl', value: '0' }] }),
    ['rds-tls'],
  ],
  ['a cache without TLS', cache, set({ transitEncryptionEnabled: false }), ['cache-tls']],
  [
    'a cache that is not encrypted',
    cache,
    set({ atRestEncryptionEnabled: false }),
    ['cache-encrypted'],
  ],
  ['a cache without a password', cache, set({ authToken: undefined }), ['cache-login']],
  [
    'tags of images that can be moved',
    'aws:ecr/repository:Repository',
    set({ imageTagMutability: 'MUTABLE' }),
    ['ecr-immutable-tags'],
  ],
  [
    'a root file system to write to',
    task,
    containers({ readonlyRootFilesystem: false }),
    ['ecs-read-only-root'],
  ],
  ['a task that runs as root', task, containers({ user: '0' }), ['ecs-non-root']],
  [
    'a task with capabilities',
    task,
    containers({ linuxParameters: {} }),
    ['ecs-drop-capabilities'],
  ],
  [
    'an image by its tag',
    task,
    containers({ image: 'registry/app:latest' }),
    ['ecs-image-by-digest'],
  ],
  [
    'a secret among the plain variables',
    task,
    containers({ environment: [{ name: 'JWT_SECRET', value: 'hunter2-hunter2' }] }),
    ['ecs-no-plain-secrets'],
  ],
  [
    'a deployment that nothing rolls back',
    service,
    set({ deploymentCircuitBreaker: { enable: false, rollback: false } }),
    ['ecs-circuit-breaker'],
  ],
  [
    'tasks with public addresses',
    service,
    (inputs) => set({ assignPublicIp: true })(inputs['networkConfiguration'] as Inputs),
    ['ecs-no-public-ip'],
  ],
  [
    'headers that are not valid, passed on',
    'aws:lb/loadBalancer:LoadBalancer',
    set({ dropInvalidHeaderFields: false }),
    ['elb-invalid-headers'],
  ],
  [
    'an old TLS policy',
    'aws:lb/listener:Listener',
    (inputs) => {
      if (inputs['protocol'] === 'HTTPS') inputs['sslPolicy'] = 'ELBSecurityPolicy-2016-08';
    },
    ['elb-tls-policy'],
  ],
  [
    'HTTP that is not sent on to HTTPS',
    'aws:lb/listener:Listener',
    (inputs) => {
      if (inputs['protocol'] === 'HTTP')
        inputs['defaultActions'] = [{ type: 'forward', targetGroupArn: 'arn' }];
    },
    ['elb-https'],
  ],
  [
    'buckets that may be made public',
    'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock',
    set({ restrictPublicBuckets: false }),
    ['s3-block-public'],
  ],
  [
    'buckets that forget older versions',
    'aws:s3/bucketVersioning:BucketVersioning',
    set({ versioningConfiguration: { status: 'Suspended' } }),
    ['s3-versioning'],
  ],
  [
    'buckets that answer without TLS',
    'aws:s3/bucketPolicy:BucketPolicy',
    statement('policy', (one) => (one['Sid'] === 'TlsOnly' ? { ...one, Condition: {} } : one)),
    ['s3-tls-only'],
  ],
  [
    'a database and a cache that the world reaches',
    ingress,
    (inputs) => {
      if (inputs['fromPort'] === 5432 || inputs['fromPort'] === 6379)
        inputs['cidrIpv4'] = '0.0.0.0/0';
    },
    ['ec2-risky-ports', 'ec2-world-ports'],
  ],
  [
    'a default security group with rules',
    'aws:ec2/defaultSecurityGroup:DefaultSecurityGroup',
    set({ egress: [{ protocol: '-1', fromPort: 0, toPort: 0, cidrBlocks: ['0.0.0.0/0'] }] }),
    ['ec2-default-group'],
  ],
  ['a network without flow logs', 'aws:ec2/flowLog:FlowLog', 'left out', ['ec2-flow-logs']],
  [
    'logs that are kept for a day',
    'aws:cloudwatch/logGroup:LogGroup',
    set({ retentionInDays: 1 }),
    ['logs-retention'],
  ],
  [
    'keys that do not rotate',
    'aws:kms/key:Key',
    set({ enableKeyRotation: false }),
    ['kms-rotation'],
  ],
  [
    'roles that anybody may take on',
    'aws:iam/role:Role',
    statement('assumeRolePolicy', (one) => ({ ...one, Principal: '*', Condition: {} })),
    ['iam-trust-named'],
  ],
  [
    'a boundary that lets every key be used directly',
    'aws:iam/policy:Policy',
    statement('policy', (one) =>
      one['Sid'] === 'KeysOfServices' ? { ...one, Condition: {} } : one,
    ),
    ['iam-no-decrypt-all'],
  ],
  [
    'services that do not wait for the migrations',
    'slipway:aws:Service',
    (_inputs, resource) => {
      resource.dependencies = resource.dependencies.filter((urn) => !urn.endsWith('::migrations'));
    },
    ['release-after-migrations'],
  ],
  ['services that no rollout proves', 'slipway:index:Rollout', 'left out', ['release-watched']],
])('the policy pack finds %s', (_name, type, change, rules) => {
  it(`by ${rules.join(' and ')}`, () => {
    const before = judgeRendered(stacks.standard.all, { cost: 'standard' });
    const known = new Set(before.map(({ rule, resource }) => `${rule} ${resource}`));
    const after = judgeRendered(loosened(stacks.standard, type, change), { cost: 'standard' });
    const fresh = after.filter(({ rule, resource }) => !known.has(`${rule} ${resource}`));
    expect([...new Set(fresh.map(({ rule }) => rule))].sort()).toEqual(rules);
  });
});
