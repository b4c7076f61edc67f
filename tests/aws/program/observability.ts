import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Data } from './data.ts';
import type { Edge } from './edge.ts';
import { provider } from './provider.ts';
import type { Service } from './service.ts';

const opts = { provider };

export function observability(
  { loadBalancer }: Edge,
  { cluster, service }: Service,
  { queue }: Data,
) {
  const topic = new aws.sns.Topic('alarms', {}, opts);
  new aws.sns.TopicPolicy(
    'alarms',
    {
      arn: topic.arn,
      policy: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Action: 'sns:Publish',
            Resource: topic.arn,
          },
        ],
      },
    },
    opts,
  );
  new aws.sns.TopicSubscription(
    'alarms',
    { topic: topic.arn, protocol: 'sqs', endpoint: queue.arn },
    opts,
  );
  const alarm = new aws.cloudwatch.MetricAlarm(
    'errors',
    {
      namespace: 'AWS/ApplicationELB',
      metricName: 'HTTPCode_Target_5XX_Count',
      comparisonOperator: 'GreaterThanThreshold',
      threshold: 5,
      evaluationPeriods: 2,
      period: 60,
      statistic: 'Sum',
      treatMissingData: 'notBreaching',
      dimensions: { LoadBalancer: loadBalancer.arnSuffix },
      alarmActions: [topic.arn],
    },
    opts,
  );
  new aws.cloudwatch.Dashboard(
    'main',
    {
      dashboardName: 'proof',
      dashboardBody: JSON.stringify({
        widgets: [
          { type: 'text', x: 0, y: 0, width: 6, height: 3, properties: { markdown: 'proof' } },
        ],
      }),
    },
    opts,
  );
  const rule = new aws.cloudwatch.EventRule(
    'stopped-tasks',
    {
      eventPattern: pulumi.output(cluster.arn).apply((arn) =>
        JSON.stringify({
          source: ['aws.ecs'],
          'detail-type': ['ECS Task State Change'],
          detail: { clusterArn: [arn] },
        }),
      ),
    },
    opts,
  );
  new aws.cloudwatch.EventTarget('stopped-tasks', { rule: rule.name, arn: topic.arn }, opts);
  void service;
  return { alarm };
}
