import type { Value } from '../judge/value.ts';

/** What a rule says about itself; docs/policy.md is made from it. */
export interface RuleInfo {
  /** Name of the rule, such as `ecs-no-public-ip`: the name an exception gives. */
  id: string;
  /** Controls of AWS Security Hub it stands for, such as `ECS.2`; none for a rule of our own. */
  controls: string[];
  title: string;
  severity: 'low' | 'medium' | 'high' | 'critical';
  /** A mandatory rule fails the preview and the update, an advisory one warns. */
  level: 'mandatory' | 'advisory';
  /** What to do about a violation. */
  fix: string;
  /** Why it is advisory, or where it does not hold. */
  note?: string;
}

/** One resource as the program asks for it: its inputs. */
export interface Resource {
  type: string;
  urn: string;
  name: string;
  props: Value;
  /** Whether an input is marked as a secret. Takes its path, as a `Value` names it. */
  isSecret: (property: string) => boolean;
  /** A key of the stack's configuration, without its namespace. */
  setting: (key: string) => unknown;
}

/** A resource among all of its stack: its outputs, and what it depends on. */
export interface StackResource {
  type: string;
  urn: string;
  name: string;
  props: Value;
  parent?: StackResource | undefined;
  dependencies: StackResource[];
  propertyDependencies: Record<string, StackResource[]>;
}

export interface Stack {
  resources: StackResource[];
  ofType(...types: string[]): StackResource[];
}

export interface Report {
  violation(message: string): void;
  /** Judges every item by itself, so that one that is not known yet hides no other. */
  each<T>(items: T[], judge: (item: T) => void): void;
}

interface StackReport {
  violation(message: string, resource: StackResource): void;
  /** Judges every resource by itself; what is not known yet is noted for that resource. */
  each(resources: StackResource[], judge: (resource: StackResource) => void): void;
}

/** A rule about single resources. */
export interface ResourceRule extends RuleInfo {
  /** Type tokens it looks at. */
  types: string[];
  check(resource: Resource, report: Report): void;
}

/** A rule about how the resources of a stack belong together. */
export interface StackRule extends RuleInfo {
  checkStack(stack: Stack, report: StackReport): void;
}

export type Rule = ResourceRule | StackRule;

export function isStackRule(rule: Rule): rule is StackRule {
  return 'checkStack' in rule;
}
