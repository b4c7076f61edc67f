import type { EngineEvent, StepEventMetadata } from '@pulumi/pulumi/automation/index.js';
import { resourceChanges } from '../changes.ts';
import { createReport, type Report } from '../report.ts';

type Inputs = Record<string, unknown>;

/** A step of a preview as the engine logs it. */
export function step(
  op: string,
  type: string,
  name: string,
  { before, after, ...more }: { before?: Inputs; after?: Inputs } & Partial<StepEventMetadata> = {},
): EngineEvent {
  const urn = `urn:pulumi:prod::slipway::${type}::${name}`;
  const state = (inputs: Inputs | undefined) =>
    inputs && {
      type,
      urn,
      custom: true,
      id: 'id',
      parent: '',
      provider: '',
      inputs,
      outputs: inputs,
    };
  return {
    sequence: 0,
    timestamp: 0,
    resourcePreEvent: {
      metadata: {
        op,
        urn,
        type,
        provider: '',
        ...(before && { old: state(before) }),
        ...(after && { new: state(after) }),
        ...more,
      } as StepEventMetadata,
    },
  };
}

export const said = (severity: string, message: string, urn?: string): EngineEvent => ({
  sequence: 0,
  timestamp: 0,
  diagnosticEvent: {
    severity,
    message,
    color: '',
    ...(urn && { urn }),
  } as EngineEvent['diagnosticEvent'] & object,
});

const violation = (policyName: string, name: string, message: string): EngineEvent => ({
  sequence: 0,
  timestamp: 0,
  policyEvent: {
    resourceUrn: `urn:pulumi:prod::slipway::x::${name}`,
    message,
    color: '',
    policyName,
    policyPackName: 'slipway',
    policyPackVersion: '',
    policyPackVersionTag: '',
    enforcementLevel: 'mandatory',
  },
});

/** How the engine writes a secret into its log. */
export const secret = {
  '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270',
  ciphertext: '[secret]',
};

export const unknown = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

export const reportOf = (events: EngineEvent[], region?: string): Report =>
  createReport({ stack: 'prod', changes: resourceChanges(events), events, region });

const rds = 'aws:rds/instance:Instance';
const file = (name: string, phase: string, reversible = true) => ({
  name,
  checksum: 'c'.repeat(64),
  phase,
  reversible,
});
const database = { id: 'db', endpoint: 'db:5432', generation: '1' };
const old = [file('0001_users', 'expand')];

/** The kinds of previews that a reviewer meets. */
export const previews = {
  'no change': [
    step('same', rds, 'database', {
      before: { instanceClass: 'db.t4g.micro', allocatedStorage: 20 },
      after: { instanceClass: 'db.t4g.micro', allocatedStorage: 20 },
    }),
  ],
  'a release with two migrations': [
    step('update', 'slipway:index:MigrationRun', 'migrations', {
      before: { image: 'sha256:a', files: old, database, schema: 'public', login: 'l' },
      after: {
        image: unknown,
        files: [...old, file('0002_topics', 'expand'), file('0003_drop_nick', 'contract', false)],
        database,
        schema: 'public',
        login: 'l',
      },
    }),
    said(
      'info',
      '2 migrations to apply: 0002_topics, 0003_drop_nick',
      'urn:pulumi:prod::slipway::slipway:index:MigrationRun::migrations',
    ),
    step('update', 'aws:ecs/service:Service', 'api', {
      before: { taskDefinition: 'api:1' },
      after: { taskDefinition: unknown },
      detailedDiff: { taskDefinition: { diffKind: 'update', inputDiff: false } },
    } as never),
    step('update', 'slipway:index:Rollout', 'rollout', {
      before: { release: `sha256:${'a'.repeat(64)}` },
      after: { release: `sha256:${'b'.repeat(64)}` },
    }),
  ],
  'a replaced database': ['create-replacement', 'replace', 'delete-replaced'].map((op) =>
    step(op, rds, 'database', {
      before: { instanceClass: 'db.t4g.micro', allocatedStorage: 20, dbName: 'slipway' },
      after: { instanceClass: 'db.t4g.medium', allocatedStorage: 20, dbName: 'other' },
      keys: ['dbName'],
      detailedDiff: {
        dbName: { diffKind: 'update-replace', inputDiff: false },
        instanceClass: { diffKind: 'update', inputDiff: false },
      },
    } as never),
  ),
  'a policy failure': [
    step('create', 'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule', 'open', {
      after: { cidrIpv4: '0.0.0.0/0' },
    }),
    violation('aws-no-open-ports', 'open', 'port 22 is open to 0.0.0.0/0\n→ Name the addresses.'),
  ],
  '300 resources': Array.from({ length: 300 }, (_, index) =>
    step('update', 'aws:cloudwatch/metricAlarm:MetricAlarm', `alarm-${index}`, {
      before: { threshold: index, description: 'x'.repeat(400) },
      after: { threshold: index + 1, description: 'y'.repeat(400) },
      detailedDiff: {
        threshold: { diffKind: 'update', inputDiff: false },
        description: { diffKind: 'update', inputDiff: false },
      },
    } as never),
  ),
} satisfies Record<string, EngineEvent[]>;
