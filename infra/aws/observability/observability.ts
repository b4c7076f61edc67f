import { Dashboard } from '@pulumi/aws/cloudwatch/dashboard.js';
import { EventRule } from '@pulumi/aws/cloudwatch/eventRule.js';
import { EventTarget } from '@pulumi/aws/cloudwatch/eventTarget.js';
import { MetricAlarm, type MetricAlarmArgs } from '@pulumi/aws/cloudwatch/metricAlarm.js';
import { Topic } from '@pulumi/aws/sns/topic.js';
import { TopicPolicy } from '@pulumi/aws/sns/topicPolicy.js';
import { TopicSubscription } from '@pulumi/aws/sns/topicSubscription.js';
import * as pulumi from '@pulumi/pulumi';
import { policyDocument, type AwsPlace } from '../access/policies.ts';
import { transformed, type Transform } from '../transform.ts';
import { alarmTable, type AlarmRow } from './alarms.ts';
import { dashboardBody } from './dashboard.ts';
import { eventTable, type EventRow } from './events.ts';
import { alarmSubjects, eventSubjects, type StackParts } from './stackParts.ts';

export interface ObservabilityArgs {
  /** Begins the alarms' names, such as `slipway-prod`. */
  prefix: string;
  place: AwsPlace;
  /** Which alarms there are. */
  level: AlarmRow['level'];
  /** What is watched. */
  parts: StackParts;
  /** Encrypts the alerts; alarms and events must be allowed to use it. */
  kmsKeyArn: pulumi.Input<string>;
  /** Gets the alerts, after a click in the first mail. */
  email?: string | undefined;
  /**
   * The escape hatch: changes what an alarm is registered with; its logical name tells alarms
   * apart.
   */
  transform?: { alarm?: Transform<MetricAlarmArgs> };
}

/** The stack's eyes: alarms and events that go to a topic, and a dashboard. */
export class Observability extends pulumi.ComponentResource {
  readonly topicArn: pulumi.Output<string>;
  readonly dashboardUrl: pulumi.Output<string>;

  constructor(name: string, args: ObservabilityArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:Observability', name, {}, opts);
    this.topicArn = this.createTopic(`${name}-alerts`, args);
    const subjects = alarmSubjects(args.parts);
    const rows = alarmTable(subjects).filter(
      ({ level }) => level === 'essential' || args.level === 'full',
    );
    for (const row of rows) this.createAlarm(`${name}-${row.name}`, row, args);
    for (const row of eventTable(eventSubjects(args.parts, args.place)))
      this.createRule(`${name}-${row.name}`, row);
    const dashboard = new Dashboard(
      `${name}-dashboard`,
      {
        dashboardName: args.prefix,
        dashboardBody: dashboardBody({
          region: args.place.region,
          subjects,
          logGroups: args.parts.services.map(({ task }) => task.logGroupName),
        }),
      },
      { parent: this },
    );
    const { region } = args.place;
    this.dashboardUrl = pulumi.interpolate`https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards/dashboard/${dashboard.dashboardName}`;
    this.registerOutputs({});
  }

  private createTopic(
    name: string,
    { place, kmsKeyArn, email }: ObservabilityArgs,
  ): pulumi.Output<string> {
    const topic = new Topic(name, { kmsMasterKeyId: kmsKeyArn }, { parent: this });
    const publish = { Action: 'sns:Publish', Resource: topic.arn };
    const policy = new TopicPolicy(
      name,
      {
        arn: topic.arn,
        policy: policyDocument([
          {
            Sid: 'Alarms',
            Effect: 'Allow',
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            ...publish,
            Condition: { StringEquals: { 'aws:SourceAccount': place.accountId } },
          },
          // EventBridge takes no condition in a topic's policy.
          {
            Sid: 'Events',
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            ...publish,
          },
          {
            Sid: 'TlsOnly',
            Effect: 'Deny',
            Principal: '*',
            ...publish,
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ]),
      },
      { parent: this },
    );
    if (email !== undefined) {
      new TopicSubscription(
        `${name}-mail`,
        { topic: topic.arn, protocol: 'email', endpoint: email },
        { parent: this },
      );
    }
    return pulumi.all([topic.arn, policy.id]).apply(([arn]) => arn);
  }

  private createAlarm(name: string, row: AlarmRow, { prefix, transform }: ObservabilityArgs): void {
    new MetricAlarm(
      ...transformed<MetricAlarmArgs>(
        transform?.alarm,
        name,
        {
          // By name people look it up, and the mail's subject carries it.
          name: `${prefix}-${row.name}`,
          alarmDescription: row.description,
          namespace: row.namespace,
          metricName: row.metric,
          dimensions: row.dimensions,
          ...(/^p\d/.test(row.statistic)
            ? { extendedStatistic: row.statistic }
            : { statistic: row.statistic }),
          period: row.periodSeconds,
          datapointsToAlarm: row.points,
          evaluationPeriods: row.of,
          comparisonOperator: operators[row.comparison],
          threshold: row.threshold,
          treatMissingData: row.missing,
          alarmActions: [this.topicArn],
          okActions: [this.topicArn],
        },
        { parent: this },
      ),
    );
  }

  private createRule(name: string, row: EventRow): void {
    const rule = new EventRule(
      name,
      { description: row.description, eventPattern: pulumi.jsonStringify(row.pattern) },
      { parent: this },
    );
    new EventTarget(
      name,
      {
        rule: rule.name,
        arn: this.topicArn,
        inputTransformer: { inputPaths: row.paths, inputTemplate: JSON.stringify(row.message) },
      },
      { parent: this },
    );
  }
}

const operators = {
  '>': 'GreaterThanThreshold',
  '>=': 'GreaterThanOrEqualToThreshold',
  '<': 'LessThanThreshold',
} as const;
