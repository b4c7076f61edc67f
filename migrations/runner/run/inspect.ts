import { MigrationError } from '../exit.ts';
import type { Migration } from '../files/files.ts';
import type { Phase } from '../files/header.ts';
import type { AppliedMigration } from '../database/ledger.ts';
import { checkMigrations } from '../sql/checkScript.ts';
import { planStatements, type PlannedStatement } from '../sql/plannedStatements.ts';
import { refuseEarlyContract } from './releaseRules.ts';
import { withReader, type RunnerOptions } from './run.ts';
import { compare, isDownEdited, what } from './verify.ts';

export interface MigrationState {
  name: string;
  state: 'applied' | 'pending' | 'edited' | 'missing';
  phase: Phase | null;
  reversible: boolean;
  applied?: AppliedMigration;
  /** Its down file is another one than when it was applied. */
  downEdited?: true;
}

/** Tells the state of every file, and of every row without a file. */
export function migrationStatus(options: RunnerOptions): Promise<MigrationState[]> {
  return withReader(options, async ({ files, ledger }) => {
    const applied = new Map((await ledger.applied()).map((row) => [row.name, row]));
    const states = files.map((file): MigrationState => {
      const { name, checksum, phase = null, reversible } = file;
      const row = applied.get(name);
      applied.delete(name);
      if (!row) return { name, state: 'pending', phase, reversible };
      return {
        name,
        state: row.checksum === checksum ? 'applied' : 'edited',
        phase,
        reversible,
        applied: row,
        ...(isDownEdited(file, row) && { downEdited: true }),
      };
    });
    const missing = [...applied.values()].map((row): MigrationState => ({
      ...pick(row),
      state: 'missing',
      applied: row,
    }));
    return [...states, ...missing];
  });
}

/** Compares the files with the database, and refuses what `up` would refuse. */
export function verifyMigrations(
  options: RunnerOptions,
): Promise<{ applied: number; pending: string[]; ahead: string[] }> {
  return withReader(options, async ({ files, ledger }) => {
    const applied = await ledger.applied();
    const { pending, ahead } = compare(files, applied);
    await checkMigrations(pending);
    return {
      applied: applied.length,
      pending: pending.map(({ name }) => name),
      ahead: ahead.map(({ name }) => name),
    };
  });
}

interface PlannedMigration {
  name: string;
  phase: Phase | null;
  reversible: boolean;
  checksum: string;
  transaction: boolean;
  lockTimeoutMs: number;
  statementTimeoutMs: number;
  statements: PlannedStatement[];
}

export interface Plan {
  migrations: PlannedMigration[];
  /** Why `up` would run none of them. */
  refused: MigrationError | undefined;
}

/** Lists what `up` would run, and the locks each statement would take. Runs none of it. */
export function planMigrations(options: RunnerOptions): Promise<Plan> {
  return withReader(options, async ({ files, ledger }) => {
    const applied = await ledger.applied();
    const { pending } = compare(files, applied);
    let refused: MigrationError | undefined;
    try {
      refuseEarlyContract(pending, applied, options.release, options.forced);
    } catch (error) {
      if (!(error instanceof MigrationError)) throw error;
      refused = error;
    }
    const migrations: PlannedMigration[] = [];
    for (const migration of pending) migrations.push(await planOne(migration, options));
    return { migrations, refused };
  });
}

async function planOne(migration: Migration, settings: RunnerOptions): Promise<PlannedMigration> {
  const { header } = migration.up;
  return {
    ...pick(migration),
    checksum: migration.checksum,
    transaction: !header.noTransaction,
    lockTimeoutMs: header.lockTimeoutMs ?? settings.lockTimeoutMs,
    statementTimeoutMs: header.statementTimeoutMs ?? settings.statementTimeoutMs,
    statements: await planStatements(migration.up),
  };
}

/** The plan for a person to read. */
export function planLines({ migrations, refused }: Plan): string[] {
  if (migrations.length === 0) return ['nothing to migrate'];
  const lines = migrations.flatMap((migration) => [
    `${what(migration)}  ${migration.transaction ? 'one transaction' : 'no transaction'}, ` +
      `lock_timeout ${migration.lockTimeoutMs} ms, statement_timeout ${migration.statementTimeoutMs} ms`,
    ...migration.statements.flatMap(({ line, sql, locks }) => [
      ...sql
        .split('\n')
        .map((text, index) => `  ${(index === 0 ? String(line) : '').padStart(4)} | ${text}`),
      ...lockLines(locks),
    ]),
    '',
  ]);
  return [
    ...lines,
    refused ? `up would refuse this: ${refused.message}` : `${migrations.length} to apply`,
  ];
}

function lockLines(locks: PlannedStatement['locks']): string[] {
  if (locks === null) return ['       → locks: unknown; its text does not tell'];
  if (locks.length === 0) return ['       → locks nothing that is in use'];
  return locks.map(({ mode, on, keepsOut }) => `       → ${mode} on ${on}: keeps out ${keepsOut}`);
}

function pick<T extends { name: string; phase?: Phase | null | undefined; reversible: boolean }>(
  from: T,
) {
  return { name: from.name, phase: from.phase ?? null, reversible: from.reversible };
}
