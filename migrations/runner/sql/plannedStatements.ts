import type { Script } from '../files/files.ts';
import { createdTable, lockModes, locksOf, type LockMode } from './sqlLocks.ts';
import { splitStatements } from './statements.ts';

export interface PlannedStatement {
  line: number;
  sql: string;
  /** `null` where the text does not tell, such as DO. */
  locks: { mode: LockMode; on: string; keepsOut: string }[] | null;
}

/**
 * The statements of a file with their locks, those on tables that the file itself makes left out:
 * nobody waits there.
 */
export function planStatements({ sql }: Pick<Script, 'sql'>): PlannedStatement[] {
  const own = new Set<string>();
  return splitStatements(sql).map(({ start, end }) => {
    const text = sql.slice(start, end);
    const made = createdTable(text);
    if (made) own.add(made);
    const locks = locksOf(text)?.filter(({ on }) => !own.has(on));
    return {
      line: sql.slice(0, start).split('\n').length,
      sql: text,
      locks: locks?.map((lock) => ({ ...lock, keepsOut: lockModes[lock.mode] })) ?? null,
    };
  });
}
