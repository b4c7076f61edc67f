import { setFlagsFromString } from 'node:v8';
import type { Node } from 'libpg-query';
import { commentsOnTop } from '../files/comments.ts';
import { lineOf, utf16Offset } from '../files/excerpt.ts';
import { StatementFault } from './statementFault.ts';

/** A statement of a file, as Postgres reads it. */
export interface Statement {
  /** The offset of its first character: comments and blanks before it are left out. */
  start: number;
  /** The line on which it starts, from 1. */
  line: number;
  sql: string;
  tree: Node;
}

/**
 * Reads SQL with Postgres' own parser. The parser is loaded by the first call: `migrate up` with
 * nothing to do never pays for it.
 *
 * @throws {StatementFault} `syntax`
 */
export async function parseSql(file: string, sql: string): Promise<Statement[]> {
  // The parser takes no empty text.
  if (sql.trim() === '') return [];
  const { hasSqlDetails, parse } = await loadParser();
  let stmts: { stmt?: Node; stmt_location?: number; stmt_len?: number }[];
  try {
    ({ stmts = [] } = (await parse(sql)) as { stmts?: typeof stmts });
  } catch (error) {
    const at = hasSqlDetails(error) ? Math.max(0, error.sqlDetails.cursorPosition) : 0;
    refusePsql(file, sql, utf16Offset(sql, at));
    const why = error instanceof Error ? error.message : String(error);
    throw new StatementFault('syntax', { file, sql, offset: utf16Offset(sql, at) }, why, {
      cause: error,
    });
  }
  const slice = byteSlices(sql);
  let line = 1;
  let counted = 0;
  return stmts.flatMap(({ stmt, stmt_location: from = 0, stmt_len: length }) => {
    if (!stmt) return [];
    const [before, whole] = slice(from, length);
    const skipped = commentsOnTop(whole).end;
    const start = before + skipped;
    line += lineOf(sql.slice(counted, start), start - counted) - 1;
    counted = start;
    return [{ start, line, sql: whole.slice(skipped).trimEnd(), tree: stmt }];
  });
}

const dump =
  'A dump becomes a migration with `pg_dump --schema-only --no-owner` (rows: `--inserts`) and without its lines that begin with a backslash.';

/**
 * Where the parser stopped, explains what only psql understands: a dump of pg_dump holds such lines.
 *
 * @throws {StatementFault} `refused`: no server can read it either
 */
function refusePsql(file: string, sql: string, offset: number): void {
  const command = /^\\\S*/.exec(sql.slice(offset))?.[0];
  const copy = /\bCOPY\s[^;]*\sFROM\s+STDIN\b[^;]*;\s*$/i.exec(sql.slice(0, offset));
  if (copy)
    throw new StatementFault(
      'refused',
      { file, sql, offset: copy.index },
      `COPY … FROM STDIN has no data to read here. Write INSERT instead. ${dump}`,
    );
  if (command)
    throw new StatementFault(
      'refused',
      { file, sql, offset },
      `${command} is a command of psql, not SQL. Take the line out. ${dump}`,
    );
}

/**
 * A run does not parse files with more characters: the tree of such a file needs more memory than a
 * migration task has. It was checked before the image was built.
 */
const mostReadByRun = 1_000_000;

/**
 * Reads SQL in a run, where the server has the last word.
 *
 * @returns `undefined` for a file that is too long, or that the parser cannot read: the server may
 *   be newer than the parser
 */
export async function parseForRun(file: string, sql: string): Promise<Statement[] | undefined> {
  if (sql.length > mostReadByRun) return undefined;
  try {
    return await parseSql(file, sql);
  } catch (error) {
    if (error instanceof StatementFault && error.kind === 'syntax') return undefined;
    throw error;
  }
}

/**
 * V8 would optimise the parser in the background, and the process could not end before that:
 * measured with eight files, 0.9 s in place of 0.1 s.
 */
function loadParser() {
  setFlagsFromString('--wasm-tiering-budget=1000000000');
  return import('libpg-query');
}

/** The parser's places count bytes of UTF-8. They are asked for in ascending order. */
function byteSlices(sql: string): (from: number, length?: number) => [start: number, text: string] {
  const bytes = Buffer.from(sql);
  let at = 0;
  let start = 0;
  return (from, length) => {
    start += bytes.toString('utf8', at, from).length;
    at = from;
    return [start, bytes.toString('utf8', from, length ? from + length : undefined)];
  };
}
