import { MigrationError } from '../../../migrations/runner/exit.ts';
import type { Migration } from '../../../migrations/runner/files/files.ts';
import { findingLine, lintMigrations } from '../../../migrations/runner/lint/lint.ts';
import {
  planStatements,
  type PlannedStatement,
} from '../../../migrations/runner/sql/plannedStatements.ts';
import { refuseEarlyContract } from '../../../migrations/runner/run/releaseRules.ts';
import { lockOrder, type LockMode } from '../../../migrations/runner/sql/lockModes.ts';
import { readCheckout } from './checkout.ts';
import type { MigrationFile } from '../../release/migrationRun.ts';

export interface MigrationReview {
  /**
   * Each pending file: its phase, its checksum, and the locks it takes on tables that are in use.
   */
  lines: string[];
  warnings: string[];
  errors: string[];
  /** Why the runner would refuse to run these files in one release. */
  refused?: string;
}

/**
 * Looks at the SQL of the files that a release would apply, for a preview: nothing is run. The
 * migrations are read from this checkout, also when the image was promoted from another stack.
 *
 * @param folder the checkout's migrations
 * @param applied what the state knows to be applied
 * @param forced names of migrations that a person lets pass
 */
export async function reviewMigrations(
  folder: string,
  pending: MigrationFile[],
  applied: MigrationFile[],
  forced: string[],
): Promise<MigrationReview> {
  const found = readCheckout(folder);
  const files = pending.map((file) => ({ file, sql: found.get(`${file.name} ${file.checksum}`) }));
  const readable = files.flatMap(({ sql }) => (sql ? [sql] : []));
  const { findings, skipped } = await lintMigrations(folder, readable);
  const described = await Promise.all(files.map(({ file, sql }) => describe(file, sql)));
  const review: MigrationReview = {
    lines: described.flat(),
    warnings: findings.filter(({ severity }) => severity === 'warning').map(findingLine),
    errors: findings.filter(({ severity }) => severity === 'error').map(findingLine),
  };
  if (skipped && readable.length > 0) review.lines.push(`linted by our own rules only: ${skipped}`);
  try {
    // Whatever was applied before belongs to a release before this one.
    const before = applied.map(({ name, phase = null }) => ({ name, phase, release: 'before' }));
    refuseEarlyContract(readable, before, 'this', forced);
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error;
    review.refused = error.message;
  }
  return review;
}

async function describe(
  { name, checksum, phase, reversible }: MigrationFile,
  sql: Migration | undefined,
): Promise<string[]> {
  const kind = `${phase ?? 'no phase'}${reversible === false ? ', irreversible' : ''}`;
  const head = `  ${name}  ${kind}  sha256:${checksum.slice(0, 12)}`;
  if (!sql) return [`${head}  (its SQL is not in this checkout: not linted)`];
  return [head, ...(await lockLines(sql))];
}

/**
 * The strongest lock on each table, with the line that takes it. A lock that lets readers and
 * writers pass is not worth a line. A file that cannot be parsed has none: the lint says why.
 */
async function lockLines({ up }: Migration): Promise<string[]> {
  const strongest = new Map<string, { mode: LockMode; line: number; keepsOut: string }>();
  let unknown: number | undefined;
  const statements = await planStatements(up).catch((error: unknown): PlannedStatement[] => {
    if (error instanceof MigrationError) return [];
    throw error;
  });
  for (const { line, locks } of statements) {
    if (!locks) unknown ??= line;
    for (const { on, mode, keepsOut } of locks ?? []) {
      const known = strongest.get(on);
      if (!known || lockOrder.indexOf(mode) > lockOrder.indexOf(known.mode))
        strongest.set(on, { mode, line, keepsOut });
    }
  }
  const lines = [...strongest]
    .filter(([, { mode }]) => lockOrder.indexOf(mode) >= lockOrder.indexOf('ShareUpdateExclusive'))
    .map(
      ([on, { mode, line, keepsOut }]) =>
        `      line ${line} takes ${mode} on ${on}: keeps out ${keepsOut}`,
    );
  if (unknown !== undefined)
    lines.push(`      line ${unknown}: its text does not tell which locks it takes`);
  return lines;
}
