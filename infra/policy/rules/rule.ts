import type { Resource, Stack, StackResource } from '../resource/resource.ts';

/** A rule's description of itself; docs/policy.md is made from it. */
export interface RuleInfo {
  /** Name of the rule, such as `ecs-no-public-ip`: the name an exception gives. */
  id: string;
  /** Controls of AWS Security Hub that it enforces, such as `ECS.2`; none for a rule of our own. */
  controls?: string[];
  title: string;
  severity: 'low' | 'medium' | 'high' | 'critical';
  /** A mandatory rule fails the preview and the update, an advisory one warns. */
  level: 'mandatory' | 'advisory';
  /** How to mend a violation. */
  fix: string;
  /** Why it is advisory, or where it does not hold. */
  note?: string;
}

/** The message of a violation, or nothing. */
export type Fault = string | false | undefined;

export interface Report {
  violation(message: string): void;
  /** Judges every item by itself: an item that is not known yet does not hide the others. */
  each<T>(items: T[], judge: (item: T) => Fault): undefined;
}

interface StackReport {
  violation(message: string, resource: StackResource): void;
  /** Judges every resource by itself. A value that is not known yet is noted for that resource. */
  each(resources: StackResource[], judge: (resource: StackResource) => Fault): undefined;
}

/** A rule about single resources. */
export interface ResourceRule extends RuleInfo {
  /** The type tokens that it judges. */
  types: string[];
  check(resource: Resource, report: Report): Fault;
}

/** A rule about how the resources of a stack belong together. */
export interface StackRule extends RuleInfo {
  checkStack(stack: Stack, report: StackReport): undefined;
}

export type Rule = ResourceRule | StackRule;

export function isStackRule(rule: Rule): rule is StackRule {
  return 'checkStack' in rule;
}
