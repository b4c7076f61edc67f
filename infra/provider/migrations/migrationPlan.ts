import type { Unwrap } from '@pulumi/pulumi';
import { MigrationError } from '../../../migrations/runner/exit.ts';
import { compare, what } from '../../../migrations/runner/run/verify.ts';
import type { MigrationFile, MigrationRunArgs } from '../../release/migrationRun.ts';

type Args = Unwrap<MigrationRunArgs>;

/** The inputs that decide which migrations run. Unknown parts are `undefined` during a preview. */
export type MigrationTarget = {
  [K in 'image' | 'files' | 'database' | 'login' | 'schema']?: Args[K] | undefined;
} & {
  /** Applied by a newer image, and not carried by this one. */
  ahead?: MigrationFile[] | undefined;
};

export interface MigrationPlan {
  /** Whether a task has to run. */
  run: boolean;
  /** Files not yet applied as far as the state knows, in order. */
  pending: MigrationFile[];
  /**
   * Files applied before that this image does not carry. They stay applied: reverting is a verb of
   * its own.
   */
  ahead: MigrationFile[];
  /** Whether all files are pending because the database is another one. */
  otherDatabase: boolean;
  /** Why this cannot be released. */
  refused?: string;
  /**
   * Why the runner will refuse it, unless the database was changed by hand since the state was
   * written.
   */
  doubt?: string;
}

/**
 * Compares what ran last (`undefined`: nothing did) with what is wanted, by the rules that the
 * runner applies to the database. What the state knows can be behind the database: files that are
 * forced by name are left to the runner.
 *
 * @param forced names of migrations that a person lets pass
 */
export function planMigrations(
  last: MigrationTarget | undefined,
  next: MigrationTarget,
  forced: string[] = [],
): MigrationPlan {
  const files = next.files ?? [];
  const otherDatabase = last !== undefined && !sameDatabase(last, next);
  const ran = last === undefined || otherDatabase ? [] : (last.files ?? []);
  const known = [...ran, ...(ran.length > 0 ? (last?.ahead ?? []) : [])];
  const carried = new Map(files.map(({ name, checksum }) => [name, checksum]));
  const changed =
    ran.length !== files.length || ran.some(({ name, checksum }) => carried.get(name) !== checksum);
  const otherImage = last === undefined || next.image === undefined || last.image !== next.image;
  const otherLogin = last?.login !== next.login;
  const plan = { run: otherImage || otherDatabase || otherLogin || changed, otherDatabase };

  const rows = known
    .filter(({ name }) => carried.has(name) || !forced.includes(name))
    .map(({ name, checksum, phase = null, reversible = true }) => ({
      name,
      checksum: forced.includes(name) ? (carried.get(name) ?? checksum) : checksum,
      phase,
      reversible,
    }));
  try {
    const { pending, ahead } = compare(files, rows);
    const stay = new Set(ahead.map(({ name }) => name));
    return { ...plan, pending, ahead: known.filter(({ name }) => stay.has(name)) };
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error;
    const applied = new Set(known.map(({ name }) => name));
    const pending = files.filter(({ name }) => !applied.has(name));
    // A file that was reverted by hand and then renumbered or given up looks like a lost one: the
    // database decides.
    const open = error.reason === 'missingFile' || error.reason === 'order';
    return { ...plan, pending, ahead: [], [open ? 'doubt' : 'refused']: error.message };
  }
}

/** The plan in words, a line each, for a preview; of the pending files only how many there are. */
export function describePlan(plan: MigrationPlan): string[] {
  if (!plan.run) return [];
  const lines: string[] = [];
  if (plan.otherDatabase)
    lines.push('another database than before: it gets every migration it lacks');
  if (plan.pending.length > 0) {
    const names = plan.pending.map(({ name }) => name).join(', ');
    lines.push(
      `${plan.pending.length} ${plan.pending.length === 1 ? 'migration' : 'migrations'} to apply: ${names}`,
    );
  } else if (plan.refused === undefined && plan.doubt === undefined) {
    lines.push('no migration to apply; the task checks that, and the role of the services');
  }
  if (plan.ahead.length > 0) {
    const names = plan.ahead
      .map((file) => what({ ...file, reversible: file.reversible ?? true }))
      .join(', ');
    lines.push(
      `this image does not carry ${names}: they stay applied; \`make migrate-revert\` reverts`,
    );
  }
  return lines;
}

function sameDatabase(
  { database: a, schema: in1 }: MigrationTarget,
  { database: b, schema: in2 }: MigrationTarget,
): boolean {
  const same = a?.id === b?.id && a?.endpoint === b?.endpoint && a?.generation === b?.generation;
  return same && (in1 ?? 'public') === (in2 ?? 'public');
}
