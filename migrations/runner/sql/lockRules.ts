import type { AlterTableCmd, AlterTableType, Node, RangeVar } from 'libpg-query';
import { lockOrder, strongest, type LockMode } from './lockModes.ts';
import { isOn, quoted, tableName, wordsOf } from './tree.ts';

/** A lock, and the table or index it is on as SQL. */
export type Lock = [mode: LockMode, on: string];

type Kind = Node extends infer One ? (One extends unknown ? keyof One : never) : never;
type FieldsOf<K extends string> =
  Extract<Node, Record<K, unknown>> extends infer One ? One[K & keyof One] : never;
type Rules = { [K in Kind]?: (fields: FieldsOf<K>) => Lock[] | undefined };

const on = (mode: LockMode, relation: RangeVar | undefined): Lock[] =>
  relation ? [[mode, tableName(relation)]] : [];
const onAll = (mode: LockMode, relations: Node[] | undefined): Lock[] =>
  (relations ?? []).flatMap((node) => ('RangeVar' in node ? on(mode, node.RangeVar) : []));
const onNamed = (mode: LockMode, words: string[]): Lock[] =>
  words.length > 0 ? [[mode, words.map(quoted).join('.')]] : [];
/** Without a table the statement is about all of them. */
const orUnknown = (locks: Lock[]): Lock[] | undefined => (locks.length > 0 ? locks : undefined);
const none = (): Lock[] => [];

/**
 * The locks of each kind of statement on the tables that it is about. Those on tables that it only
 * reads or refers to are found by `locksOf`. Kinds that are not listed may do anything.
 */
export const lockRules: Rules = {
  CreateStmt: ({ relation, inhRelations, partbound }) => [
    ...on('AccessExclusive', relation),
    ...onAll(partbound ? 'AccessExclusive' : 'ShareUpdateExclusive', inhRelations),
  ],
  CreateTableAsStmt: ({ into }) => on('AccessExclusive', into?.rel),
  ViewStmt: ({ view, replace }) => (replace ? on('AccessExclusive', view) : []),
  IndexStmt: ({ relation, concurrent }) =>
    on(concurrent ? 'ShareUpdateExclusive' : 'Share', relation),
  CreateTrigStmt: ({ relation }) => on('ShareRowExclusive', relation),
  CreatePolicyStmt: ({ table }) => on('AccessExclusive', table),
  AlterPolicyStmt: ({ table }) => on('AccessExclusive', table),
  RuleStmt: ({ relation }) => on('AccessExclusive', relation),
  CreateStatsStmt: ({ relations }) => onAll('ShareUpdateExclusive', relations),
  AlterTableStmt: ({ relation, cmds = [] }) => {
    const actions = cmds.flatMap((cmd) => ('AlterTableCmd' in cmd ? [cmd.AlterTableCmd] : []));
    return [
      ...on(strongest(actions.map(alterMode)), relation),
      ...actions.flatMap(({ subtype, def }) =>
        subtype === 'AT_AttachPartition' && def && 'PartitionCmd' in def
          ? on('AccessExclusive', def.PartitionCmd.name)
          : [],
      ),
    ];
  },
  RenameStmt: ({ relation, renameType }) =>
    on(renameType === 'OBJECT_INDEX' ? 'ShareUpdateExclusive' : 'AccessExclusive', relation),
  AlterObjectSchemaStmt: ({ relation }) => on('AccessExclusive', relation),
  DropStmt: ({ removeType = 'OBJECT_TYPE', objects = [], concurrent }) => {
    // The name of a trigger, policy or rule comes after that of its table.
    const ofTable = ['OBJECT_TRIGGER', 'OBJECT_POLICY', 'OBJECT_RULE'].includes(removeType);
    if (!ofTable && !relations.has(removeType)) return [];
    return objects.flatMap((object) =>
      onNamed(
        concurrent ? 'ShareUpdateExclusive' : 'AccessExclusive',
        wordsOf(object).slice(0, ofTable ? -1 : undefined),
      ),
    );
  },
  TruncateStmt: ({ relations: tables }) => onAll('AccessExclusive', tables),
  VacuumStmt: ({ rels = [], options }) =>
    orUnknown(
      rels.flatMap((rel) =>
        'VacuumRelation' in rel
          ? on(
              isOn(options, 'full') ? 'AccessExclusive' : 'ShareUpdateExclusive',
              rel.VacuumRelation.relation,
            )
          : [],
      ),
    ),
  ClusterStmt: ({ relation }) => orUnknown(on('AccessExclusive', relation)),
  RefreshMatViewStmt: ({ relation, concurrent }) =>
    on(concurrent ? 'Exclusive' : 'AccessExclusive', relation),
  ReindexStmt: ({ relation, kind, params }) => {
    const mode = kind === 'REINDEX_OBJECT_INDEX' ? 'AccessExclusive' : 'Share';
    return orUnknown(on(isOn(params, 'concurrently') ? 'ShareUpdateExclusive' : mode, relation));
  },
  CommentStmt: ({ objtype = 'OBJECT_TYPE', object }) => {
    if (objtype !== 'OBJECT_COLUMN' && !relations.has(objtype)) return [];
    return onNamed(
      'ShareUpdateExclusive',
      wordsOf(object).slice(0, objtype === 'OBJECT_COLUMN' ? -1 : undefined),
    );
  },
  InsertStmt: ({ relation }) => on('RowExclusive', relation),
  UpdateStmt: ({ relation }) => on('RowExclusive', relation),
  DeleteStmt: ({ relation }) => on('RowExclusive', relation),
  MergeStmt: ({ relation }) => on('RowExclusive', relation),
  CopyStmt: ({ relation, is_from: from }) => on(from ? 'RowExclusive' : 'AccessShare', relation),
  SelectStmt: ({ intoClause }) => on('AccessExclusive', intoClause?.rel),
  // Postgres numbers the modes from 1.
  LockStmt: ({ relations: tables, mode = lockOrder.length }) =>
    onAll(lockOrder[mode - 1] ?? 'AccessExclusive', tables),
  CreateFunctionStmt: none,
  AlterFunctionStmt: none,
  DefineStmt: none,
  CompositeTypeStmt: none,
  CreateEnumStmt: none,
  AlterEnumStmt: none,
  CreateRangeStmt: none,
  CreateDomainStmt: none,
  AlterDomainStmt: none,
  CreateSchemaStmt: none,
  CreateExtensionStmt: none,
  AlterExtensionStmt: none,
  CreateSeqStmt: none,
  AlterSeqStmt: none,
  CreateCastStmt: none,
  CreateOpClassStmt: none,
  AlterOwnerStmt: none,
  AlterDefaultPrivilegesStmt: none,
  VariableSetStmt: none,
  GrantStmt: none,
  GrantRoleStmt: none,
  TransactionStmt: none,
};

/** The kinds of things that are locked as a table is. */
const relations = new Set<string>([
  'OBJECT_TABLE',
  'OBJECT_FOREIGN_TABLE',
  'OBJECT_INDEX',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_SEQUENCE',
]);

/**
 * The actions of ALTER TABLE that need less than the strongest lock. All actions of a statement
 * share the strongest lock of any.
 */
const mildActions: Partial<Record<AlterTableType, LockMode>> = {
  AT_ValidateConstraint: 'ShareUpdateExclusive',
  AT_SetStatistics: 'ShareUpdateExclusive',
  AT_SetOptions: 'ShareUpdateExclusive',
  AT_ResetOptions: 'ShareUpdateExclusive',
  AT_ClusterOn: 'ShareUpdateExclusive',
  AT_DropCluster: 'ShareUpdateExclusive',
  AT_AttachPartition: 'ShareUpdateExclusive',
  AT_DetachPartitionFinalize: 'ShareUpdateExclusive',
  AT_EnableTrig: 'ShareRowExclusive',
  AT_EnableAlwaysTrig: 'ShareRowExclusive',
  AT_EnableReplicaTrig: 'ShareRowExclusive',
  AT_EnableTrigAll: 'ShareRowExclusive',
  AT_EnableTrigUser: 'ShareRowExclusive',
  AT_DisableTrig: 'ShareRowExclusive',
  AT_DisableTrigAll: 'ShareRowExclusive',
  AT_DisableTrigUser: 'ShareRowExclusive',
};
const mildOption = /^(?:fillfactor|autovacuum_.*|parallel_workers|n_distinct.*)$/;

function alterMode({ subtype = 'AT_AddColumn', def }: AlterTableCmd): LockMode {
  if (subtype === 'AT_AddConstraint' && def && 'Constraint' in def)
    return def.Constraint.contype === 'CONSTR_FOREIGN' ? 'ShareRowExclusive' : 'AccessExclusive';
  if (subtype === 'AT_DetachPartition' && def && 'PartitionCmd' in def)
    return def.PartitionCmd.concurrent ? 'ShareUpdateExclusive' : 'AccessExclusive';
  if (subtype === 'AT_SetRelOptions' || subtype === 'AT_ResetRelOptions')
    return optionsOf(def).every(
      ({ defnamespace, defname = '' }) => defnamespace === 'toast' || mildOption.test(defname),
    )
      ? 'ShareUpdateExclusive'
      : 'AccessExclusive';
  return mildActions[subtype] ?? 'AccessExclusive';
}

function optionsOf(def: Node | undefined): { defnamespace?: string; defname?: string }[] {
  if (!def || !('List' in def)) return [];
  return (def.List.items ?? []).flatMap((node) => ('DefElem' in node ? [node.DefElem] : []));
}
