import type { Value } from '../../resource/value.ts';
import type { Fault, Report, ResourceRule } from '../rule.ts';

/** A rule about every container of a task definition. Its messages begin with the container. */
export function taskContainerRule(
  rule: Omit<ResourceRule, 'types' | 'check'>,
  fault: (container: Value, report: Report) => Fault,
): ResourceRule {
  return {
    ...rule,
    types: ['aws:ecs/taskDefinition:TaskDefinition'],
    check: ({ props }, report) =>
      report.each(props.get('containerDefinitions').json().list(), (container) => {
        const named = (message: Fault) => message && `${containerName(container)} ${message}`;
        const own: Report = {
          violation: (message) => report.violation(`${containerName(container)} ${message}`),
          each: (items, judge) => report.each(items, (item) => named(judge(item))),
        };
        return named(fault(container, own));
      }),
  };
}

function containerName(container: Value): string {
  const name = container.get('name');
  return `container ${(name.isUnknown ? undefined : name.text()) ?? container.path}`;
}
