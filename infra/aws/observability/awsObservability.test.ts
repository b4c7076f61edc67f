import { beforeAll, describe, expect, it } from 'vitest';
import type { Registered } from '../../test-support/registered.ts';
import { renderStack } from '../test-support/renderStack.ts';

const alarmType = 'aws:cloudwatch/metricAlarm:MetricAlarm';

let ha: Registered;
let lean: Registered;

beforeAll(async () => {
  ha = await renderStack({ cost: 'ha', alarmEmail: 'on-call@example.com' });
  lean = await renderStack({ cost: 'lean' });
}, 120_000);

describe('the alarms', () => {
  it('tell the topic when they begin and when they end', () => {
    for (const { inputs } of ha.ofType(alarmType)) {
      expect(inputs).toMatchObject({
        alarmActions: ['arn:aws:test:::observability-alerts'],
        okActions: ['arn:aws:test:::observability-alerts'],
      });
    }
  });

  it('are the essential ones alone on a lean stack', () => {
    const names = lean.ofType(alarmType).map(({ name }) => name.replace('observability-', ''));
    expect(names).toContain('api-down');
    expect(names).not.toContain('api-latency');
    expect(ha.ofType(alarmType).length).toBeGreaterThan(2 * names.length);
  });

  it('use a percentile where one is asked for', () => {
    const latency = ha.inputs(alarmType, 'observability-api-latency');
    expect(latency).toMatchObject({
      name: 'slipway-prod-api-latency',
      extendedStatistic: 'p95',
      threshold: 1,
    });
    expect(latency['statistic']).toBeUndefined();
  });

  it('watch every NAT gateway and every node of the cache', () => {
    const names = ha.ofType(alarmType).map(({ name }) => name);
    expect(names.filter((name) => /nat-.*-ports/.test(name))).toHaveLength(3);
    expect(names.filter((name) => /cache-.*-memory/.test(name))).toHaveLength(2);
  });
});

describe('the topic', () => {
  it('is encrypted, and lets alarms of this account and events in, by TLS alone', () => {
    expect(ha.inputs('aws:sns/topic:Topic', 'observability-alerts')['kmsMasterKeyId']).toBe(
      'arn:aws:test:::app-key-key',
    );
    const { Statement } = ha.policy('aws:sns/topicPolicy:TopicPolicy', 'observability-alerts');
    expect(Statement).toMatchObject([
      {
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Action: 'sns:Publish',
        Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' } },
      },
      { Principal: { Service: 'events.amazonaws.com' }, Action: 'sns:Publish' },
      { Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
    ]);
  });

  it('mails to the address of the configuration, if there is one', () => {
    expect(ha.ofType('aws:sns/topicSubscription:TopicSubscription')).toMatchObject([
      { inputs: { protocol: 'email', endpoint: 'on-call@example.com' } },
    ]);
    expect(lean.ofType('aws:sns/topicSubscription:TopicSubscription')).toEqual([]);
  });
});

describe('the events', () => {
  const pattern = (name: string) =>
    JSON.parse(
      ha.inputs('aws:cloudwatch/eventRule:EventRule', `observability-${name}`)[
        'eventPattern'
      ] as string,
    ) as unknown;

  it('tell of a deployment of this cluster that failed, and of no other cluster’s', () => {
    expect(pattern('deployment-failed')).toMatchObject({
      resources: [{ prefix: 'arn:aws:ecs:eu-central-1:123456789012:service/cluster-physical/' }],
      detail: { eventName: ['SERVICE_DEPLOYMENT_FAILED'] },
    });
  });

  it('tell of migrations that failed, and not of those that went well', () => {
    expect(pattern('migration-failed')).toMatchObject({
      detail: {
        clusterArn: ['arn:aws:test:::cluster'],
        group: [{ prefix: 'family:slipway-prod-migrations' }],
        containers: { exitCode: [{ 'anything-but': 0 }] },
      },
    });
  });

  it('go to the topic as a sentence whose gaps are all filled', () => {
    const targets = ha.ofType('aws:cloudwatch/eventTarget:EventTarget');
    expect(targets.length).toBe(ha.ofType('aws:cloudwatch/eventRule:EventRule').length);
    for (const { inputs } of targets) {
      expect(inputs['arn']).toBe('arn:aws:test:::observability-alerts');
      const { inputPaths, inputTemplate } = inputs['inputTransformer'] as {
        inputPaths: Record<string, string>;
        inputTemplate: string;
      };
      const gaps = [...(JSON.parse(inputTemplate) as string).matchAll(/<(\w+)>/g)].map(
        ([, gap]) => gap,
      );
      expect(gaps.length).toBeGreaterThan(0);
      for (const gap of gaps) expect(inputPaths).toHaveProperty(gap ?? '');
    }
  });
});

describe('the dashboard', () => {
  it('fits CloudWatch’s grid, and shows every part of the stack', () => {
    const body = ha.inputs('aws:cloudwatch/dashboard:Dashboard', 'observability-dashboard')[
      'dashboardBody'
    ] as string;
    const { widgets } = JSON.parse(body) as {
      widgets: {
        x: number;
        y: number;
        width: number;
        height: number;
        properties: { region: string };
      }[];
    };
    const places = new Set(widgets.map(({ x, y }) => `${x} ${y}`));
    expect(places.size).toBe(widgets.length);
    for (const widget of widgets) {
      expect(widget.x + widget.width).toBeLessThanOrEqual(24);
      expect(widget.properties.region).toBe('eu-central-1');
    }
    for (const part of [
      'gateway-suffix',
      'api-physical',
      'slipway-prod-c0ffee00',
      'cache-id-001',
      '/slipway/prod/api',
    ]) {
      expect(body).toContain(part);
    }
  });
});
