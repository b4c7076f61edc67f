import { MigrationError } from '../exit.ts';
import type { Migration } from '../files/files.ts';
import type { AppliedMigration } from '../database/ledger.ts';

type Row = Pick<AppliedMigration, 'name' | 'checksum' | 'phase' | 'reversible'>;

type File = Pick<Migration, 'name' | 'checksum'>;

export interface Comparison<F extends File> {
  /** Files still to apply, in order. */
  pending: F[];
  /**
   * Applied by a newer image, and harmless to this one: every one is reversible and no contract
   * step.
   */
  ahead: Row[];
}

/**
 * Compares the files with what the database says was applied.
 *
 * @throws {MigrationError} `missingFile`, `rollback`, `checksum` or `order`, naming every file
 *   concerned
 */
export function compare<F extends File>(files: F[], applied: Row[]): Comparison<F> {
  const byName = new Map(files.map((file) => [file.name, file]));
  const ahead = unknownRows(files, applied, byName);
  const edited = applied
    .filter(({ name, checksum }) => byName.has(name) && byName.get(name)?.checksum !== checksum)
    .map(({ name }) => name);
  if (edited.length > 0) {
    throw new MigrationError(
      'checksum',
      `Edited after being applied: ${edited.join(', ')}. Undo the edit, and write the change as a new migration.`,
    );
  }
  const done = new Set(applied.map(({ name }) => name));
  const pending = files.filter(({ name }) => !done.has(name));
  const newest = applied.at(-1);
  const late = newest
    ? pending.filter(({ name }) => name < newest.name).map(({ name }) => name)
    : [];
  if (newest && late.length > 0) {
    throw new MigrationError(
      'order',
      `Numbered before ${newest.name}, which is already applied: ${late.join(', ')}. ` +
        '`migrate renumber NAME` gives it the next free number, so that every database runs the files in one order.',
    );
  }
  return { pending, ahead };
}

/**
 * Rows without a file: those of a newer image when they come after all of ours; otherwise a file
 * was lost.
 */
function unknownRows(files: File[], applied: Row[], byName: Map<string, File>): Row[] {
  const unknown = applied.filter(({ name }) => !byName.has(name));
  if (unknown.length === 0) return [];
  const last = files.at(-1)?.name ?? '';
  const blocking = unknown.filter(({ phase, reversible }) => phase === 'contract' || !reversible);
  const newer = files.length > 0 && unknown.every(({ name }) => name > last);
  if (newer && blocking.length > 0) {
    throw new MigrationError(
      'rollback',
      `This image is older than the database, and cannot go back over ${blocking.map(what).join(', ')}. ` +
        'Its code needs what they took away. Release an image that carries them, or one that mends the fault and goes forward.',
    );
  }
  if (newer && unknown.every(({ phase }) => phase !== null)) return unknown;
  throw new MigrationError(
    'missingFile',
    `Applied to this database, but not among the files: ${unknown.map(({ name }) => name).join(', ')}. ` +
      'Is this an older checkout or image? Bring the files back, or migrate from the newer one. ' +
      'If a file is gone for good: `migrate repair NAME --reason TEXT`.',
  );
}

/** Whether a down file is another one now. Earlier versions of the runner did not note it. */
export const isDownEdited = (
  { downChecksum: now }: Pick<Migration, 'downChecksum'>,
  { downChecksum: noted }: Pick<AppliedMigration, 'downChecksum'>,
): boolean => noted !== null && noted !== now;

/** Such as `0007_drop_title (contract, irreversible)`. */
export function what({
  name,
  phase,
  reversible,
}: Pick<Row, 'name' | 'reversible'> & { phase?: Row['phase'] | undefined }): string {
  return `${name} (${phase ?? 'no phase'}, ${reversible ? 'reversible' : 'irreversible'})`;
}
