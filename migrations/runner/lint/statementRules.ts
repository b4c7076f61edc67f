import type { AlterTableStmt, DoStmt, Node } from 'libpg-query';
import { isOn } from '../sql/tree.ts';

/**
 * Where Postgres runs a statement: only outside a transaction, or in one as well. `either` is a
 * statement for which both can be right, such as a DO that commits in batches.
 */
export function whereItRuns(tree: Node): 'outside' | 'inside' | 'either' {
  if (refusedInside(tree)) return 'outside';
  // A new label of an enum cannot be used in its transaction, so a file of its own is a fair choice.
  return Object.keys(tree).some((kind) => eitherWay.has(kind)) ? 'either' : 'inside';
}

function refusedInside(tree: Node): boolean {
  if ('DoStmt' in tree) return endsTransaction(tree.DoStmt);
  if ('IndexStmt' in tree) return tree.IndexStmt.concurrent ?? false;
  if ('DropStmt' in tree) return tree.DropStmt.concurrent ?? false;
  if ('VacuumStmt' in tree) return tree.VacuumStmt.is_vacuumcmd ?? false;
  if ('ClusterStmt' in tree) return !tree.ClusterStmt.relation;
  // Without a table or an index it is about a schema or a database.
  if ('ReindexStmt' in tree)
    return !tree.ReindexStmt.relation || isOn(tree.ReindexStmt.params, 'concurrently');
  if ('AlterTableStmt' in tree)
    return actions(tree.AlterTableStmt).some(
      ({ def }) => def && 'PartitionCmd' in def && def.PartitionCmd.concurrent,
    );
  if ('AlterDatabaseStmt' in tree)
    return (tree.AlterDatabaseStmt.options ?? []).some(
      (node) => 'DefElem' in node && node.DefElem.defname === 'tablespace',
    );
  return Object.keys(tree).some((kind) => alwaysOutside.has(kind));
}

/** Whether the code of a DO commits, which it may not do in the transaction of a file. */
function endsTransaction({ args = [] }: DoStmt): boolean {
  const code = args.map((arg) =>
    'DefElem' in arg && arg.DefElem.arg && 'String' in arg.DefElem.arg
      ? (arg.DefElem.arg.String.sval ?? '')
      : '',
  );
  return /(?:^|[;\s])(?:COMMIT|ROLLBACK)(?:\s+AND\s+(?:NO\s+)?CHAIN)?\s*;/i.test(code.join('\n'));
}

const alwaysOutside = new Set([
  'CreatedbStmt',
  'DropdbStmt',
  'AlterSystemStmt',
  'CreateTableSpaceStmt',
  'DropTableSpaceStmt',
  'CreateSubscriptionStmt',
  'DropSubscriptionStmt',
]);

const eitherWay = new Set(['DoStmt', 'CallStmt', 'AlterEnumStmt', 'AlterSubscriptionStmt']);

/** Whether code that runs meanwhile loses a table or a column that it knows. */
export function takesAway(tree: Node): boolean {
  if ('DropStmt' in tree) return tree.DropStmt.removeType === 'OBJECT_TABLE';
  if ('RenameStmt' in tree) {
    const { renameType, relationType } = tree.RenameStmt;
    return (
      renameType === 'OBJECT_TABLE' ||
      (renameType === 'OBJECT_COLUMN' && relationType === 'OBJECT_TABLE')
    );
  }
  return (
    'AlterTableStmt' in tree &&
    tree.AlterTableStmt.objtype === 'OBJECT_TABLE' &&
    actions(tree.AlterTableStmt).some(({ subtype }) => subtype === 'AT_DropColumn')
  );
}

function actions({ cmds = [] }: AlterTableStmt) {
  return cmds.flatMap((cmd) => ('AlterTableCmd' in cmd ? [cmd.AlterTableCmd] : []));
}
