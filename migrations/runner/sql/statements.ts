import { MigrationError } from '../exit.ts';

/**
 * A statement's place in its file: offsets of its first character and of the one after its last.
 */
export interface Statement {
  start: number;
  end: number;
}

// Quotes are written without an alternative per character, or a literal of some megabytes would
// exhaust the stack. One alternative per lexical form that may hold a `;` or look like a word.
// Order matters: the longest form first.
const token = new RegExp(
  [
    String.raw`(?<comment>--[^\n]*|/\*)`,
    String.raw`(?<dollar>\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)`,
    String.raw`(?<escaped>[eE]'[^'\\]*(?:(?:\\[\s\S]|'')[^'\\]*)*'?)`,
    String.raw`(?<quoted>'[^']*(?:''[^']*)*'?|"[^"]*(?:""[^"]*)*"?)`,
    String.raw`(?<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)`,
    String.raw`(?<end>;)`,
    String.raw`(?<space>\s+)`,
    String.raw`(?<other>[\s\S])`,
  ].join('|'),
  'y',
);

/**
 * Finds the statements of an SQL text, as Postgres' own lexer would: `;` inside quotes, dollar
 * quotes, nested comments and the bodies of `BEGIN ATOMIC` functions ends nothing.
 */
export function splitStatements(sql: string): Statement[] {
  const statements: Statement[] = [];
  let start = -1;
  let end = 0;
  let words: string[] = [];
  let depth = 0;
  let at = 0;
  while (at < sql.length) {
    token.lastIndex = at;
    const match = token.exec(sql);
    const groups = match?.groups ?? {};
    let next = at + (match?.[0].length ?? 1);
    if (groups['comment'] === '/*') next = endOfComment(sql, at);
    if (groups['dollar']) {
      const close = sql.indexOf(groups['dollar'], next);
      next = close < 0 ? sql.length : close + groups['dollar'].length;
    }
    if (groups['end'] && depth === 0) {
      if (start >= 0) statements.push({ start, end });
      start = -1;
      words = [];
    } else if (!groups['comment'] && !groups['space']) {
      if (start < 0 && !groups['end']) start = at;
      end = next;
      if (groups['word']) {
        words.push(groups['word'].toLowerCase());
        depth = atomicDepth(words, depth);
      }
    }
    at = next;
  }
  if (start >= 0) statements.push({ start, end });
  return statements;
}

/**
 * Refuses statements that would end the transaction a migration runs in, because then half a file
 * could stay behind, and one that waits for data which a file cannot carry.
 *
 * @throws {MigrationError} `badFile`, with the line
 */
export function checkStatements(file: string, sql: string): void {
  for (const { start, end } of splitStatements(sql)) {
    // A comment may stand between the words, or touch one.
    const [first = '', second = '', ...more] = sql
      .slice(start, Math.min(end, start + 200))
      .toLowerCase()
      .replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\//g, ' ')
      .split(/[^\w]+/);
    if (
      first === 'copy' &&
      more.some((word, index) => word === 'from' && more[index + 1] === 'stdin')
    ) {
      throw new MigrationError(
        'badFile',
        `${file}: COPY … FROM STDIN has no data to read here. Write INSERT instead.\n${excerpt(sql, start)}`,
      );
    }
    const controls =
      ['begin', 'commit', 'rollback', 'abort', 'end'].includes(first) ||
      (first === 'start' && second === 'transaction') ||
      (first === 'prepare' && second === 'transaction');
    if (!controls || (first === 'rollback' && second === 'to')) continue;
    throw new MigrationError(
      'badFile',
      `${file}: ${first.toUpperCase()} is not allowed, because each file runs in a transaction of its own. Take it out.\n` +
        excerpt(sql, start),
    );
  }
}

/** The line an offset falls on, its number, and a caret under the place. */
export function excerpt(sql: string, offset: number): string {
  const before = sql.slice(0, offset);
  const line = before.split('\n').length;
  const lineStart = before.lastIndexOf('\n') + 1;
  const lineEnd = sql.indexOf('\n', offset);
  const text = sql.slice(lineStart, lineEnd < 0 ? undefined : lineEnd);
  // A very long line is cut around the place, so that the caret stays in sight.
  const from = Math.max(0, offset - lineStart - 60);
  const shown = (from > 0 ? '…' : '') + text.slice(from, from + 120);
  const prefix = `  line ${line} | `;
  const column = offset - lineStart - from + (from > 0 ? 1 : 0);
  const pad = (prefix + shown.slice(0, column)).replace(/[^\t]/g, ' ');
  return `${prefix}${shown}\n${pad}^`;
}

function endOfComment(sql: string, from: number): number {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = from;
  let depth = 0;
  for (let match = edge.exec(sql); match; match = edge.exec(sql)) {
    depth += match[0] === '/*' ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  return sql.length;
}

/**
 * How deep we are in a `BEGIN ATOMIC … END` body after the newest word; CASE has an END of its own.
 */
function atomicDepth(words: string[], depth: number): number {
  const last = words.at(-1);
  if (depth === 0)
    return last === 'atomic' && words.at(-2) === 'begin' && words[0] === 'create' ? 1 : 0;
  if (last === 'case') return depth + 1;
  return last === 'end' ? depth - 1 : depth;
}
