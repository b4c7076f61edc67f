import { specialSecretSig, specialSigKey, unknownValue } from '@pulumi/pulumi/runtime/rpc.js';
import type {
  EngineEvent,
  PropertyDiff,
  StepEventMetadata,
  StepEventStateMetadata,
} from '@pulumi/pulumi/automation/index.js';

/** Of one resource, what an update would do with it. */
export interface ResourceChange {
  urn: string;
  type: string;
  name: string;
  operation: Operation;
  /** Its inputs before and after; secrets are `[secret]`, as the engine writes them. */
  before: Record<string, unknown> | undefined;
  after: Record<string, unknown> | undefined;
  properties: PropertyChange[];
  isProtected: boolean;
}

export type Operation = 'create' | 'update' | 'replace' | 'delete' | 'same';

export interface PropertyChange {
  /** Such as `tags.Name` or `routes[2].path`. */
  path: string;
  /** As text of one line; absent where the property is absent. */
  before?: string | undefined;
  after?: string | undefined;
  /** Whether it is why the resource is replaced. */
  replaces: boolean;
}

/** What the engine does in several steps is one operation to a reader. */
const operations: Record<string, Operation> = {
  create: 'create',
  import: 'create',
  update: 'update',
  replace: 'replace',
  'create-replacement': 'replace',
  'delete-replaced': 'replace',
  'import-replacement': 'replace',
  delete: 'delete',
  same: 'same',
};

/** How much an operation weighs where a resource has several. */
const weights: Operation[] = ['same', 'create', 'delete', 'update', 'replace'];

/**
 * The resources that a preview has seen, in the order of the engine.
 *
 * @param events of a preview of an update
 */
export function resourceChanges(events: EngineEvent[]): ResourceChange[] {
  return merge(events.flatMap(({ resourcePreEvent }) => step(resourcePreEvent?.metadata)));
}

/**
 * What differs between the state and what is there.
 *
 * @param events of a refresh that only looks
 */
export function drift(events: EngineEvent[]): ResourceChange[] {
  return merge(events.flatMap(({ resOutputsEvent }) => step(resOutputsEvent?.metadata)));
}

function step(metadata: StepEventMetadata | undefined): ResourceChange[] {
  if (!metadata) return [];
  const { op, urn, type, old, new: next } = metadata;
  const operation = operations[op];
  // Components hold resources and are none; a provider's settings show in what it provides.
  const isNone = (next ?? old)?.custom === false || type.startsWith('pulumi:providers:');
  if (!operation || isNone) return [];
  const detailed = Object.entries(metadata.detailedDiff ?? {});
  const paths = detailed.length > 0 ? detailed : fromBags(metadata);
  return [
    {
      urn,
      type,
      name: urn.split('::').at(-1) ?? urn,
      operation,
      before: old?.inputs,
      after: operation === 'delete' ? undefined : next?.inputs,
      isProtected: old?.protect === true,
      properties: paths.map(([path, { diffKind, inputDiff }]) => ({
        path,
        before: textAt(old, path, inputDiff ? 'inputs' : 'outputs'),
        after: textAt(next, path, isRefresh(metadata) ? 'outputs' : 'inputs')?.replace(
          randomEnd,
          '-(random)',
        ),
        replaces: diffKind.endsWith('-replace') || (metadata.keys ?? []).includes(root(path)),
      })),
    },
  ];
}

/** The end of a name that the engine makes up, anew in each preview. */
const randomEnd = /(?<=^[\w-]*)-[0-9a-f]{7}$/;

/** In a refresh both sides are what was found. */
const isRefresh = ({ old, new: next }: StepEventMetadata): boolean =>
  JSON.stringify(old?.inputs) === JSON.stringify(next?.inputs);

/**
 * A provider that names no paths: they are where the inputs differ, in a refresh where the outputs
 * do.
 */
function fromBags(metadata: StepEventMetadata): [string, PropertyDiff][] {
  const { op, old, new: next } = metadata;
  if (op !== 'update') return [];
  const bag = isRefresh(metadata) ? 'outputs' : 'inputs';
  const keys = new Set([...Object.keys(old?.[bag] ?? {}), ...Object.keys(next?.[bag] ?? {})]);
  return [...keys]
    .flatMap((key) => differingPaths(old?.[bag][key], next?.[bag][key], joined('', key)))
    .map((path) => [
      path,
      { diffKind: 'update' as PropertyDiff['diffKind'], inputDiff: bag === 'inputs' },
    ]);
}

function differingPaths(before: unknown, after: unknown, path: string): string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (!isBag(before) || !isBag(after) || isSecret(before) || isSecret(after)) return [path];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) =>
    differingPaths(before[key], after[key], joined(path, key, Array.isArray(after))),
  );
}

/** As the engine writes paths: `a.b`, `a[0]`, `a["b.c"]`. */
function joined(path: string, key: string, isIndex = false): string {
  if (isIndex) return `${path}[${key}]`;
  if (!/^[\w-]+$/.test(key)) return `${path}["${key}"]`;
  return path === '' ? key : `${path}.${key}`;
}

const isBag = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** The property that a path begins with. */
const root = (path: string): string =>
  /^\["(.*?)"\]/.exec(path)?.[1] ?? /^[^.[]*/.exec(path)?.[0] ?? path;

/** One entry a resource: the weightiest operation, with the longest list of properties. */
function merge(steps: ResourceChange[]): ResourceChange[] {
  const found = new Map<string, ResourceChange>();
  for (const one of steps) {
    const known = found.get(one.urn);
    if (!known) {
      found.set(one.urn, one);
      continue;
    }
    const heavier = weights.indexOf(one.operation) > weights.indexOf(known.operation) ? one : known;
    found.set(one.urn, {
      ...heavier,
      before: known.before ?? one.before,
      after: one.after ?? known.after,
      isProtected: known.isProtected || one.isProtected,
      properties:
        known.properties.length >= one.properties.length ? known.properties : one.properties,
    });
  }
  return [...found.values()];
}

function textAt(
  state: StepEventStateMetadata | undefined,
  path: string,
  bag: 'inputs' | 'outputs',
): string | undefined {
  // What the provider does not give back is as it was asked for.
  const holder = state && root(path) in state[bag] ? state[bag] : state?.inputs;
  const value = readable(at(holder, path));
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value, (_, inner) => readable(inner));
}

/** The engine's marks in words. */
function readable(value: unknown): unknown {
  if (value === unknownValue) return '(known after the update)';
  return isSecret(value) ? '[secret]' : value;
}

/** How the engine writes a secret; what it holds is masked already. */
const isSecret = (value: unknown): boolean =>
  isBag(value) && value[specialSigKey] === specialSecretSig;

/** The value at a path as the engine writes it: `a.b`, `a[0]`, `a["b.c"]`. */
function at(value: unknown, path: string): unknown {
  let found = value;
  for (const [, quoted, index, name] of path.matchAll(
    /\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g,
  )) {
    if (!isBag(found)) return undefined;
    if (isSecret(found)) return '[secret]';
    found = found[quoted ?? index ?? name ?? ''];
  }
  return found;
}
