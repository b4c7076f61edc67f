import type { DatabaseIdentity, MigrationFile } from '../platform.ts';

/** What decides whether and what a MigrationRun runs. Unknown parts are `undefined` during a preview. */
export interface MigrationTarget {
  image?: string | undefined;
  files?: MigrationFile[] | undefined;
  database?: DatabaseIdentity | undefined;
}

export interface MigrationPlan {
  /** Whether a task has to run. */
  run: boolean;
  /** Files not yet applied as far as the state knows, in order. */
  pending: string[];
  /** Files applied before that have another content now. */
  edited: string[];
  /** Files applied before that this image does not carry. They stay applied: reverting is a verb of its own. */
  missing: string[];
  /** Whether all files are pending because the database is another one. */
  otherDatabase: boolean;
}

/** Compares what ran last (`undefined`: nothing did) with what is wanted. */
export function planMigrations(last: MigrationTarget | undefined, next: MigrationTarget): MigrationPlan {
  const files = next.files ?? [];
  const otherDatabase = last !== undefined && !sameDatabase(last.database, next.database);
  const known = last === undefined || otherDatabase ? [] : (last.files ?? []);
  const applied = new Map(known.map(({ name, checksum }) => [name, checksum]));
  const names = new Set(files.map(({ name }) => name));
  const pending = files.filter(({ name }) => !applied.has(name)).map(({ name }) => name);
  const edited = files
    .filter(({ name, checksum }) => applied.has(name) && applied.get(name) !== checksum)
    .map(({ name }) => name);
  const missing = known.filter(({ name }) => !names.has(name)).map(({ name }) => name);
  const changed = pending.length + edited.length + missing.length > 0;
  const otherImage = last === undefined || next.image === undefined || last.image !== next.image;
  return { run: otherImage || otherDatabase || changed, pending, edited, missing, otherDatabase };
}

/** The plan in words, a line each, for a preview. */
export function describePlan(plan: MigrationPlan): string[] {
  if (!plan.run) return [];
  const lines: string[] = [];
  if (plan.otherDatabase) lines.push('another database than before: it gets every migration it lacks');
  if (plan.pending.length > 0) lines.push(`${count(plan.pending.length)} to apply: ${plan.pending.join(', ')}`);
  else lines.push('no migration to apply; the task of the new image checks that');
  if (plan.missing.length > 0) {
    lines.push(
      `this image does not carry ${plan.missing.join(', ')}, which stay applied; \`make migrate-revert\` reverts`,
    );
  }
  return lines;
}

function count(files: number): string {
  return files === 1 ? '1 migration' : `${files} migrations`;
}

function sameDatabase(a: DatabaseIdentity | undefined, b: DatabaseIdentity | undefined): boolean {
  return a?.id === b?.id && a?.endpoint === b?.endpoint && a?.generation === b?.generation;
}
