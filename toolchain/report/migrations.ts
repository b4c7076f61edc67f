import { join } from 'node:path';
import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import { readCheckout } from '../../infra/provider/migrations/checkout.ts';
import {
  planMigrations,
  type MigrationTarget,
} from '../../infra/provider/migrations/migrationPlan.ts';
import type { Phase } from '../../migrations/runner/files/header.ts';
import { root } from '../lib/paths.ts';
import type { ResourceChange } from './changes.ts';
import { plain } from './plain.ts';

/** What the migrations of a release would do. */
export interface MigrationReport {
  pending: PendingMigration[];
  /** What the preview says of them: locks, other databases, files that stay. */
  notes: string[];
  /** What the lint says. */
  findings: string[];
}

interface PendingMigration {
  name: string;
  phase: Phase | undefined;
  isReversible: boolean;
  /** Absent where this checkout does not hold the very file. */
  sql: string | undefined;
}

const type = 'slipway:index:MigrationRun';

/** @param folder the checkout's migrations, for their SQL */
export function migrationReport(
  changes: ResourceChange[],
  events: EngineEvent[],
  folder = join(root, 'migrations'),
): MigrationReport {
  const run = changes.find((change) => change.type === type);
  if (!run?.after) return { pending: [], notes: [], findings: [] };
  const last = run.before as MigrationTarget | undefined;
  const checkout = readCheckout(folder);
  const { pending } = planMigrations(last, run.after);
  const said = events.flatMap(({ diagnosticEvent }) =>
    diagnosticEvent?.urn === run.urn ? [diagnosticEvent] : [],
  );
  return {
    pending: pending.map(({ name, checksum, phase, reversible }) => ({
      name,
      phase,
      isReversible: reversible !== false,
      sql: checkout.get(`${name} ${checksum}`)?.up.sql,
    })),
    notes: said
      .filter(({ severity }) => severity.startsWith('info'))
      .map(({ message }) => plain(message)),
    findings: said
      .filter(({ severity }) => severity === 'warning')
      .map(({ message }) => plain(message)),
  };
}
