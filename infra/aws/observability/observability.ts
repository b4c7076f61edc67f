import { Dashboard } from '@pulumi/aws/cloudwatch/dashboard.js';
import { EventRule } from '@pulumi/aws/cloudwatch/eventRule.js';
import { EventTarget } from '@pulumi/aws/cloudwatch/eventTarget.js';
import { MetricAlarm, type MetricAlarmArgs } from '@pulumi/aws/cloudwatch/metricAlarm.js';
import { Topic } from '@pulumi/aws/sns/topic.js';
import { TopicPolicy } from '@pulumi/aws/sns/topicPolicy.js';
import { TopicSubscription } from '@pulumi/aws/sns/topicSubscription.js';
import * as pulumi from '@pulumi/pulumi';
import { Component, type Transform } from '../../component.ts';
import { policyDocument, tlsOnly, type Statement } from '../access/policies.ts';
import type { AwsPlace } from '../naming.ts';
import type { AlarmRow, AlarmSubjects } from './alarms/alarmRow.ts';
import { alarmTable } from './alarms/alarmTable.ts';
import { dashboardBody } from './dashboard.ts';
import { eventTable, type EventRow } from './events.ts';
import { alarmSubjects, eventSubjects, type StackParts } from './stackParts.ts';

export interface ObservabilityArgs {
  /** Begins the alarms' names, such as `slipway-prod`. */
  prefix: string;
  place: AwsPlace;
  /** The alarms to make. */
  level: AlarmRow['level'];
  /** The parts that are watched. */
  parts: StackParts;
  /** Encrypts the alerts; alarms and events must be allowed to use it. */
  kmsKeyArn: pulumi.Input<string>;
  /** Gets the alerts, after a click in the first mail. */
  email?: string | undefined;
  /** Changes the alarms, applied last; their logical names tell them apart. */
  transform?: { alarm?: Transform<MetricAlarmArgs> };
}

/** The stack's eyes: alarms and events that go to a topic, and a dashboard. */
export class Observability extends Component {
  readonly topicArn: pulumi.Output<string>;
  readonly dashboardUrl: pulumi.Output<string>;

  constructor(name: string, args: ObservabilityArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:Observability', name, opts);
    const { parts, place } = args;
    this.topicArn = this.#createTopic(args);
    const subjects = alarmSubjects(parts);
    for (const row of alarmTable(subjects)) {
      if (row.level === 'essential' || args.level === 'full') this.#createAlarm(row, args);
    }
    for (const row of eventTable(eventSubjects(parts, place))) this.#createRule(row);
    this.dashboardUrl = this.#createDashboard(subjects, args);
    this.registerOutputs({});
  }

  #createTopic({ place, kmsKeyArn, email }: ObservabilityArgs): pulumi.Output<string> {
    const { arn } = this.child(Topic, 'alerts', { kmsMasterKeyId: kmsKeyArn });
    const statements = topicStatements(arn, place);
    const policy = this.child(TopicPolicy, 'alerts', { arn, policy: policyDocument(statements) });
    if (email !== undefined) {
      const subscription = { topic: arn, protocol: 'email', endpoint: email };
      this.child(TopicSubscription, 'alerts-mail', subscription);
    }
    return pulumi.all([arn, policy.id]).apply(([known]) => known);
  }

  #createAlarm(row: AlarmRow, { prefix, transform }: ObservabilityArgs): void {
    this.child(
      MetricAlarm,
      row.name,
      {
        // People look it up by this name, and the mail's subject carries it.
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
      { transform: transform?.alarm },
    );
  }

  #createRule({ name, description, pattern, paths, message }: EventRow): void {
    const rule = this.child(EventRule, name, {
      description,
      eventPattern: pulumi.jsonStringify(pattern),
    });
    this.child(EventTarget, name, {
      rule: rule.name,
      arn: this.topicArn,
      inputTransformer: { inputPaths: paths, inputTemplate: JSON.stringify(message) },
    });
  }

  #createDashboard(
    subjects: AlarmSubjects,
    { prefix, place: { region }, parts }: ObservabilityArgs,
  ): pulumi.Output<string> {
    const logGroups = parts.services.map(({ task }) => task.logGroupName);
    const { dashboardName } = this.child(Dashboard, 'dashboard', {
      dashboardName: prefix,
      dashboardBody: dashboardBody({ region, subjects, logGroups }),
    });
    return pulumi.interpolate`https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards/dashboard/${dashboardName}`;
  }
}

function topicStatements(topicArn: pulumi.Output<string>, { accountId }: AwsPlace): Statement[] {
  const publish = { Action: 'sns:Publish', Resource: topicArn };
  return [
    {
      Sid: 'Alarms',
      Effect: 'Allow',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      ...publish,
      Condition: { StringEquals: { 'aws:SourceAccount': accountId } },
    },
    // EventBridge takes no condition in a topic's policy.
    {
      Sid: 'Events',
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      ...publish,
    },
    tlsOnly(publish.Action, topicArn),
  ];
}

const operators = {
  '>': 'GreaterThanThreshold',
  '>=': 'GreaterThanOrEqualToThreshold',
  '<': 'LessThanThreshold',
} as const;
