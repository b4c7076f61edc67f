import { flagRule } from '../flagRule.ts';
import type { Rule } from '../rule.ts';

const alarm = 'aws:cloudwatch/metricAlarm:MetricAlarm';

/** Less than this, and a fault of last week leaves no trace. */
const leastDays = 14;

export const cloudWatchRules: Rule[] = [
  {
    id: 'alarms-act',
    controls: ['CloudWatch.15'],
    title: 'Alarms tell somebody',
    severity: 'high',
    level: 'advisory',
    note: 'Without an address to tell, alarms still show in the console.',
    fix: 'Set alarmActions, such as the ARN of a topic.',
    types: [alarm],
    check: ({ props }, report) => {
      if (props.get('alarmActions').list().length === 0) report.violation('it has no alarmActions');
    },
  },
  flagRule({
    id: 'alarms-enabled',
    controls: ['CloudWatch.17'],
    title: 'Actions of alarms are not switched off',
    severity: 'high',
    level: 'mandatory',
    fix: 'Remove actionsEnabled, or set it to true.',
    types: [alarm],
    path: 'actionsEnabled',
    wanted: true,
    byDefault: true,
  }),
  {
    id: 'logs-retention',
    controls: ['CloudWatch.16'],
    title: `Log groups say how long they keep logs, ${leastDays} days or more`,
    severity: 'medium',
    level: 'mandatory',
    note: 'The control wants a year unless told otherwise, and is not part of the Foundational Security Best Practices.',
    fix: `Set retentionInDays to ${leastDays} or more.`,
    types: ['aws:cloudwatch/logGroup:LogGroup'],
    check: ({ props }, report) => {
      const days = props.get('retentionInDays').number() ?? 0;
      if (days === 0)
        report.violation('retentionInDays is absent: logs are kept, and paid for, for ever');
      else if (days < leastDays) report.violation(`retentionInDays is ${days}`);
    },
  },
];
