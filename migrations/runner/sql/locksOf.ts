import type { Constraint, Node, RangeVar, SelectStmt } from 'libpg-query';
import { strongest, type LockMode } from './lockModes.ts';
import { lockRules, type Lock } from './lockRules.ts';
import { tableName, walk } from './tree.ts';

export interface TableLock {
  mode: LockMode;
  /** The table (or index) as the statement names it, in quotes only where it needs them. */
  on: string;
}

/**
 * The table locks that a statement takes, read from its tree: nothing is run. A statement that may
 * do anything (DO, CALL) cannot be read so. What a function does that a SELECT calls is not seen.
 *
 * @returns the locks, or `undefined` where the text does not tell
 */
export function locksOf(tree: Node): TableLock[] | undefined {
  const [[kind = '', fields] = []] = Object.entries(tree);
  const rule = (lockRules as Record<string, ((fields: unknown) => Lock[] | undefined) | undefined>)[
    kind
  ];
  const own = rule?.(fields);
  if (!own) return undefined;
  const locks = new Map<string, LockMode>();
  // The body of a function runs when it is called, not when it is made.
  const inner = kind === 'CreateFunctionStmt' ? [] : innerLocks(tree);
  for (const [mode, on] of [...own, ...inner])
    locks.set(on, strongest([mode, locks.get(on) ?? mode]));
  return [...locks].map(([on, mode]) => ({ on, mode }));
}

/** The table that a statement makes: nobody else can wait for that. */
export function createdTable(tree: Node): string | undefined {
  const table =
    'CreateStmt' in tree
      ? tree.CreateStmt.relation
      : 'CreateTableAsStmt' in tree
        ? tree.CreateTableAsStmt.into?.rel
        : undefined;
  return table && tableName(table);
}

/** Locks on what a statement reads, refers to, and changes in a WITH. */
function innerLocks(tree: Node): Lock[] {
  const named = new Set<string>();
  const locks: Lock[] = [];
  walk(tree, (kind, fields) => {
    if (kind === 'CommonTableExpr') named.add((fields as { ctename?: string }).ctename ?? '');
    if (kind === 'RangeVar') locks.push(['AccessShare', tableName(fields)]);
    if (kind === 'SelectStmt') locks.push(...lockedRows(fields));
    const { relation } = fields as { relation?: RangeVar };
    if (kind === 'TableLikeClause' && relation) locks.push(['AccessShare', tableName(relation)]);
    if (/^(?:Insert|Update|Delete|Merge)Stmt$/.test(kind) && relation)
      locks.push(['RowExclusive', tableName(relation)]);
    const { contype, pktable } = fields as Constraint;
    if (kind === 'Constraint' && contype === 'CONSTR_FOREIGN' && pktable)
      locks.push(['ShareRowExclusive', tableName(pktable)]);
  });
  // A query of a WITH is no table.
  return locks.filter(([, on]) => !named.has(on));
}

/** The tables of a `SELECT … FOR UPDATE` (or SHARE), or those that it names after OF. */
function lockedRows({ lockingClause = [], fromClause }: SelectStmt): Lock[] {
  return lockingClause.flatMap((node) => {
    if (!('LockingClause' in node)) return [];
    const { lockedRels = [] } = node.LockingClause;
    const only = lockedRels.flatMap((rel) => ('RangeVar' in rel ? [rel.RangeVar.relname] : []));
    const locks: Lock[] = [];
    walk(fromClause, (kind, fields) => {
      if (kind !== 'RangeVar') return;
      const table = fields as RangeVar;
      if (only.length === 0 || only.includes(table.alias?.aliasname ?? table.relname))
        locks.push(['RowShare', tableName(table)]);
    });
    return locks;
  });
}
