import type { CopyStmt, Node, TransactionStmtKind } from 'libpg-query';
import type { Migration, Script } from '../files/files.ts';
import { parseForRun, parseSql, type Statement } from './parse.ts';
import { StatementFault } from './statementFault.ts';
import { quoted, tableName, wordsOf } from './tree.ts';

/** An index that a statement makes or drops concurrently: it tells how far an attempt has come. */
export interface ConcurrentIndex {
  action: 'create' | 'drop';
  name: string;
}

/**
 * Reads a file, and refuses what must not run: nothing at all, statements that would end the
 * transaction of the file (half of it could stay behind), COPY from data that a file cannot carry,
 * and a second statement where nothing would roll back the first.
 *
 * @throws {StatementFault}
 */
export async function checkScript(script: Script): Promise<Statement[]> {
  const statements = await parseSql(script.file, script.sql);
  refuseUnfit(script, statements);
  return statements;
}

/**
 * Checks both directions of each file, as is done before an image is built.
 *
 * @throws {StatementFault}
 */
export async function checkMigrations(migrations: Migration[]): Promise<void> {
  for (const script of migrations.flatMap(scriptsOf)) await checkScript(script);
}

/**
 * Checks the files that a run is about to use, before it changes anything.
 *
 * @throws {StatementFault}
 */
export async function checkBeforeRun(scripts: Script[]): Promise<void> {
  for (const script of scripts) {
    const statements = await parseForRun(script.file, script.sql);
    if (statements) refuseUnfit(script, statements);
  }
}

/** Both directions of a migration, where it has both. */
export const scriptsOf = ({ up, down }: Migration): Script[] => (down ? [up, down] : [up]);

function refuseUnfit({ file, sql, header }: Script, statements: Statement[]): void {
  const refuse = (offset: number, why: string): StatementFault =>
    new StatementFault('refused', { file, sql, offset }, why);
  const [first, second] = statements;
  if (!first)
    throw refuse(0, 'contains no SQL statement. Write `SELECT 1;` if nothing is to be done.');
  for (const { tree, start, sql: text } of statements) {
    if ('CopyStmt' in tree && readsStdin(tree.CopyStmt))
      throw refuse(start, 'COPY … FROM STDIN has no data to read here. Write INSERT instead.');
    if ('TransactionStmt' in tree && !inside.has(tree.TransactionStmt.kind)) {
      const word = (/^\w+/.exec(text)?.[0] ?? 'This').toUpperCase();
      throw refuse(
        start,
        `${word} is not allowed, because each file runs in a transaction of its own. Take it out.`,
      );
    }
  }
  if (!header.noTransaction) return;
  if (second)
    throw refuse(
      second.start,
      'with no-transaction a file holds one statement only, because nothing would roll back the others. ' +
        'Move this one to a migration of its own.',
    );
  if (concurrentIndex(first.tree)?.name === '')
    throw refuse(
      first.start,
      'give the index a name, so that an unfinished one can be found and dropped.',
    );
}

/** The name is empty where the statement gives none. */
export function concurrentIndex(tree: Node): ConcurrentIndex | undefined {
  if ('IndexStmt' in tree && tree.IndexStmt.concurrent) {
    const { idxname = '', relation = {} } = tree.IndexStmt;
    // An index lives in the schema of its table.
    const name = idxname && tableName({ ...relation, relname: idxname });
    return { action: 'create', name };
  }
  if ('DropStmt' in tree && tree.DropStmt.concurrent) {
    const [index] = tree.DropStmt.objects ?? [];
    return { action: 'drop', name: wordsOf(index).map(quoted).join('.') };
  }
  return undefined;
}

/** Allowed inside a transaction. */
const inside = new Set<TransactionStmtKind | undefined>([
  'TRANS_STMT_SAVEPOINT',
  'TRANS_STMT_RELEASE',
  'TRANS_STMT_ROLLBACK_TO',
]);

function readsStdin({ is_from: from, filename, is_program: program }: CopyStmt): boolean {
  return from === true && filename === undefined && program !== true;
}
