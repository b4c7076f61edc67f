import type { Rule } from '../rule.ts';
import { propertyRule } from '../shapes/propertyRule.ts';

const alarm = 'aws:cloudwatch/metricAlarm:MetricAlarm';

/** With fewer days, a fault of last week leaves no trace. */
const leastDays = 14;

export const cloudWatchRules: Rule[] = [
  {
    id: 'alarms-act',
    controls: ['CloudWatch.15'],
    title: 'Alarms notify somebody',
    severity: 'high',
    level: 'advisory',
    note: 'Without an address, alarms still show in the console.',
    fix: 'Set alarmActions, such as the ARN of a topic.',
    types: [alarm],
    check: ({ props }) => props.get('alarmActions').list().length === 0 && 'it has no alarmActions',
  },
  propertyRule({
    id: 'alarms-enabled',
    controls: ['CloudWatch.17'],
    title: 'Alarm actions are on',
    severity: 'high',
    level: 'mandatory',
    fix: 'Remove actionsEnabled, or set it to true.',
    types: [alarm],
    path: 'actionsEnabled',
    wanted: true,
    byDefault: true,
  }),
  propertyRule({
    id: 'logs-retention',
    controls: ['CloudWatch.16'],
    title: `Log groups keep logs for a set time, at least ${leastDays} days`,
    severity: 'medium',
    level: 'mandatory',
    note: 'The control is not in FSBP, and its default is a year.',
    fix: `Set retentionInDays to ${leastDays} or more.`,
    types: ['aws:cloudwatch/logGroup:LogGroup'],
    path: 'retentionInDays',
    wanted: { least: leastDays },
    byDefault: 'for ever, at a price',
  }),
];
