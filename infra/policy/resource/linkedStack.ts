import type { StackResource } from './resource.ts';
import { Value } from './value.ts';

/** A resource that names its parent and its dependencies by their URNs. */
export interface Unlinked {
  type: string;
  urn: string;
  name: string;
  /** Outputs, as plain values. */
  props: Record<string, unknown>;
  parent?: string | undefined;
  dependencies: string[];
  propertyDependencies: Record<string, string[]>;
}

/** The resources of a stack, linked to each other. A URN that no resource has is left out. */
export function linkedStack(resources: Unlinked[]): StackResource[] {
  const byUrn = new Map(
    resources.map(({ type, urn, name, props }): [string, StackResource] => [
      urn,
      { type, urn, name, props: new Value(props), dependencies: [], propertyDependencies: {} },
    ]),
  );
  const found = (urns: string[]) => urns.flatMap((urn) => byUrn.get(urn) ?? []);
  for (const { urn, parent, dependencies, propertyDependencies } of resources) {
    const own = byUrn.get(urn);
    if (!own) continue;
    own.parent = parent === undefined ? undefined : byUrn.get(parent);
    own.dependencies = found(dependencies);
    own.propertyDependencies = Object.fromEntries(
      Object.entries(propertyDependencies).map(([property, urns]) => [property, found(urns)]),
    );
  }
  return [...byUrn.values()];
}
