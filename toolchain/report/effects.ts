import type { ResourceChange } from './changes.ts';
import type { RatedChange } from './risk.ts';

/** What people notice of an update: its blast radius. */
export interface Effects {
  /** What is gone afterwards. */
  loses: Effect[];
  /** What does not answer for a while. */
  interrupts: Effect[];
  /** The new release, where one comes: its instances start beside the old ones. */
  releases?: { from: string | undefined; to: string | undefined };
}

interface Effect {
  what: string;
  why: string;
}

export function effects(reported: RatedChange[], all: ResourceChange[]): Effects {
  const of = (risk: string) => reported.filter((change) => change.risk === risk);
  const rollout = all.find(({ type }) => type === 'slipway:index:Rollout');
  const [from, to] = [rollout?.before?.['release'], rollout?.after?.['release']].map(text);
  // Replaced, whatever holds data does not answer meanwhile, either.
  const away = [
    ...of('data').filter(({ type }) => /rds|elasticache|volume/i.test(type)),
    ...of('outage'),
  ];
  return {
    loses: of('data').map((change) => ({ what: change.word, why: because(change) })),
    interrupts: away
      .filter(({ operation }) => operation !== 'create')
      .map((change) => ({ what: change.word, why: because(change) })),
    ...(rollout && rollout.operation !== 'same' && from !== to && { releases: { from, to } }),
  };
}

/** Such as `replaced because of instanceClass`. */
function because({ operation, properties }: RatedChange): string {
  const reasons = properties.filter(({ replaces }) => operation !== 'replace' || replaces);
  const paths = (reasons.length > 0 ? reasons : properties).map(({ path }) => path);
  const done = { create: 'made', update: 'changed', replace: 'replaced', delete: 'deleted' };
  return `${done[operation]}${paths.length > 0 && operation !== 'delete' ? ` because of ${paths.slice(0, 3).join(', ')}` : ''}`;
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value.startsWith('sha256:') ? value : undefined;
