import type { Script } from '../files/files.ts';
import { checkScript } from './checkScript.ts';
import { lockModes, type LockMode } from './lockModes.ts';
import { createdTable, locksOf } from './locksOf.ts';

export interface PlannedStatement {
  line: number;
  sql: string;
  /** `null` where the text does not tell, such as DO. */
  locks: { mode: LockMode; on: string; keepsOut: string }[] | null;
}

/**
 * The statements of a file with their locks. Locks on tables that the file itself makes are left
 * out: nobody waits there.
 *
 * @throws {StatementFault} for a file that must not run
 */
export async function planStatements(script: Script): Promise<PlannedStatement[]> {
  const own = new Set<string>();
  return (await checkScript(script)).map(({ line, sql, tree }) => {
    const made = createdTable(tree);
    if (made) own.add(made);
    const locks = locksOf(tree)?.filter(({ on }) => !own.has(on));
    return {
      line,
      sql,
      locks: locks?.map((lock) => ({ ...lock, keepsOut: lockModes[lock.mode] })) ?? null,
    };
  });
}
