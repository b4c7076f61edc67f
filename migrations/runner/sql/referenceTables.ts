import type { Node } from 'libpg-query';
import type { Migration } from '../files/files.ts';
import { parseSql } from './parse.ts';

/**
 * The tables that migrations write rows of their own into (`INSERT INTO … VALUES …`): few rows,
 * which later migrations may count on. Rows that are copied from other rows (`INSERT … SELECT`) are
 * people's data, and do not count.
 */
export async function referenceTables(migrations: Migration[]): Promise<string[]> {
  const found = new Set<string>();
  for (const { up } of migrations) {
    for (const { tree } of await parseSql(up.file, up.sql)) {
      const table = insertedValues(tree);
      if (table) found.add(table);
    }
  }
  return [...found];
}

function insertedValues(tree: Node): string | undefined {
  if (!('InsertStmt' in tree)) return undefined;
  const { relation, selectStmt } = tree.InsertStmt;
  const values = selectStmt && 'SelectStmt' in selectStmt && selectStmt.SelectStmt.valuesLists;
  return values ? relation?.relname : undefined;
}
