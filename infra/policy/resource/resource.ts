import type { Value } from './value.ts';

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
