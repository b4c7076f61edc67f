import { MigrationError } from '../exit.ts';
import type { Migration } from '../files/files.ts';
import type { AppliedMigration } from '../database/ledger.ts';
import { what } from './verify.ts';

/** The release that the runner notes where nobody named one. */
const unknownRelease = 'unknown';

/**
 * Refuses a contract step in the release of the expand it completes: while that release rolls out,
 * the code before it still runs and needs what the step takes away. A database that no other
 * release has ever migrated has no such code.
 *
 * @param batch what this run would apply, in order
 * @param forced names of contract steps that a person has let pass
 * @throws {MigrationError} `contractTooEarly`
 */
export function refuseEarlyContract(
  batch: Migration[],
  applied: Pick<AppliedMigration, 'name' | 'release' | 'phase'>[],
  release: string,
  forced: string[],
): void {
  const same = (row: { release: string }): boolean =>
    release !== unknownRelease && row.release === release;
  if (applied.every(same)) return;
  const fresh = [...applied.filter(same), ...batch];
  for (const step of batch.filter(
    ({ phase, name }) => phase === 'contract' && !forced.includes(name),
  )) {
    const { completes } = step.up.header;
    const expand = fresh.find(
      ({ name, phase }) =>
        name < step.name &&
        (completes ? name === completes : phase === 'expand' || phase === 'migrate'),
    );
    if (!expand) continue;
    throw new MigrationError(
      'contractTooEarly',
      `${step.name} takes away what the code before this release may still use: it is a contract step, in one release with ` +
        `${expand.name}. Nothing was run. Release the expand first (\`migrate up --to ${expand.name}\`), and this once no old ` +
        `code runs any more. ${completes ? '' : 'If it completes an earlier expand, name that in its header: completes=NAME. '}` +
        `To run it all the same: --force ${step.name}.`,
    );
  }
}

/**
 * @throws {MigrationError} `irreversible` for a migration that says so, unless it is forced by its
 * name
 */
export function refuseIrreversible(batch: Migration[], forced: string[]): void {
  const without = batch.find(({ down }) => !down);
  const blocked =
    without ?? batch.find(({ reversible, name }) => !reversible && !forced.includes(name));
  if (!blocked) return;
  throw new MigrationError(
    'irreversible',
    `${what(blocked)} cannot be reverted${blocked.down ? ' without loss' : ': it has no down file'}. Nothing was run. ` +
      `Write a new migration that goes forward${blocked.down ? `, or take the loss: --force ${blocked.name}` : ''}.`,
  );
}
