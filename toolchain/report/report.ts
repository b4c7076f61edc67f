import { createHash } from 'node:crypto';
import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import type { ResourceChange } from './changes.ts';
import { costChange, costDifference, type CostChange } from './cost.ts';
import { effects, type Effects } from './effects.ts';
import { migrationReport, type MigrationReport } from './migrations.ts';
import type { PackageChange } from './packages.ts';
import { plain } from './plain.ts';
import { rate, type RatedChange } from './risk.ts';

/** What a reviewer has to know of an update. `make preview REPORT=json` prints it as it is. */
export interface Report {
  stack: string;
  /** The one line that says what matters. */
  headline: string;
  /**
   * SHA-256 (hex) of what would change: the same while the same resources, properties and
   * migrations would. Values of secrets are not part of it, nobody sees them here.
   */
  hash: string;
  changes: RatedChange[];
  /** How many resources stay as they are. */
  unchanged: number;
  effects: Effects;
  migrations: MigrationReport;
  policy: PolicyFinding[];
  /** Absent where the stack costs nothing: on Docker, on an emulator. */
  cost?: CostChange;
  /** Packages of the image that differ; absent where either image does not list them. */
  packages?: PackageChange[];
  warnings: string[];
  /** Why the preview failed; empty where it did not. */
  faults: string[];
}

interface PolicyFinding {
  rule: string;
  /** Name of the resource; absent where the finding is about the whole stack. */
  resource?: string;
  level: 'warning' | 'mandatory';
  message: string;
}

export interface ReportArgs {
  stack: string;
  changes: ResourceChange[];
  events: EngineEvent[];
  /** Whether AWS sends a bill for it, and from which region's prices. */
  region: string | undefined;
}

export function createReport({ stack, changes, events, region }: ReportArgs): Report {
  const reported = changes.flatMap(rate);
  const migrations = migrationReport(changes, events);
  const run = changes.find(({ type }) => type === 'slipway:index:MigrationRun')?.urn;
  const said = (severity: string) =>
    [
      ...new Set(
        events.flatMap(({ diagnosticEvent: event }) =>
          event?.severity === severity &&
          (severity === 'error' || event.urn !== run || run === undefined)
            ? [plain(event.message)]
            : [],
        ),
      ),
    ].filter(Boolean);
  const cost = region === undefined ? undefined : costChange(changes, region);
  const parts = {
    changes: reported,
    effects: effects(reported, changes),
    migrations,
    policy: events.flatMap(({ policyEvent }) => finding(policyEvent)),
    faults: said('error'),
    ...(cost && { cost }),
  };
  return {
    stack,
    headline: headline(parts),
    hash: hashOf(parts),
    unchanged: changes.length - reported.length,
    warnings: said('warning'),
    ...parts,
  };
}

function finding(event: EngineEvent['policyEvent']): PolicyFinding[] {
  if (!event) return [];
  const { policyName, resourceUrn, enforcementLevel, message } = event;
  const resource = resourceUrn?.split('::').at(-1);
  return [
    {
      rule: policyName,
      ...(resource && { resource }),
      level: enforcementLevel,
      message: plain(message),
    },
  ];
}

type Parts = Omit<Report, 'stack' | 'headline' | 'hash' | 'unchanged' | 'warnings' | 'packages'>;

function headline({ changes, migrations, policy, faults, cost, effects }: Parts): string {
  const violations = policy.filter(({ level }) => level === 'mandatory').length;
  const lost = changes.filter(({ risk }) => risk === 'data');
  const interrupted = effects.interrupts
    .map(({ what }) => what)
    .filter((what) => !lost.some(({ word }) => word === what));
  const parts = [
    faults.length > 0 && 'the preview failed',
    violations > 0 && `${count(violations, 'policy violation')}`,
    lost.length > 0 && few(lost.map(({ operation, word }) => `${verb[operation]} ${word}`)),
    interrupted.length > 0 && `interrupts ${few(interrupted)}`,
    migrations.pending.length > 0 && migrationWords(migrations),
    cost &&
      Math.abs(cost.after.total - cost.before.total) >= 0.5 &&
      `${costDifference(cost)}/month`,
    effects.releases !== undefined && 'a new release',
  ].filter((part) => typeof part === 'string');
  const amounts = (['create', 'update', 'replace', 'delete'] as const)
    .map((one) => [one, changes.filter(({ operation }) => operation === one).length] as const)
    .filter(([, amount]) => amount > 0)
    .map(([one, amount]) => `${amount} to ${one}`);
  if (amounts.length > 0) parts.push(amounts.join(', '));
  return parts.length > 0 ? parts.join('; ') : 'no change';
}

const verb = { create: 'creates', update: 'updates', replace: 'replaces', delete: 'deletes' };

/** Three of them, and how many more. */
export function few(words: string[]): string {
  const shown = [...new Set(words)];
  return shown.length <= 3
    ? shown.join(', ')
    : `${shown.slice(0, 3).join(', ')} and ${shown.length - 3} more`;
}

export const count = (amount: number, noun: string): string =>
  `${amount} ${noun}${amount === 1 ? '' : 's'}`;

function migrationWords({ pending }: MigrationReport): string {
  const contracts = pending.filter(({ phase }) => phase === 'contract').length;
  const finals = pending.filter(({ isReversible }) => !isReversible).length;
  return [
    count(pending.length, 'migration'),
    contracts > 0 && `${contracts} contract`,
    finals > 0 && `${finals} irreversible`,
  ]
    .filter(Boolean)
    .join(', ');
}

/** Of what would happen, not of what is said about it. */
export function hashOf({ changes, migrations }: Pick<Report, 'changes' | 'migrations'>): string {
  const resources = changes
    .map(({ urn, operation, properties }) => ({ urn, operation, properties }))
    .sort((a, b) => a.urn.localeCompare(b.urn));
  return createHash('sha256')
    .update(JSON.stringify({ resources, pending: migrations.pending }))
    .digest('hex');
}
