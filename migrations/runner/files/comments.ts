/** A comment of a file, with its marks, and the offset of its first character. */
export interface Comment {
  text: string;
  at: number;
}

/** Blanks, a line comment (which a lone carriage return ends too), or the mark of a block comment. */
const piece = /\s+|--[^\n\r]*|\/\*/y;

/**
 * Reads the comments before the first word of SQL. Block comments nest.
 *
 * @returns them, and the offset where the SQL begins
 */
export function commentsOnTop(sql: string): { comments: Comment[]; end: number } {
  const comments: Comment[] = [];
  let end = 0;
  for (;;) {
    piece.lastIndex = end;
    const found = piece.exec(sql)?.[0];
    if (found === undefined) return { comments, end };
    const at = end;
    end = found === '/*' ? endOfBlock(sql, at) : at + found.length;
    if (/^[-/]/.test(found)) comments.push({ text: sql.slice(at, end), at });
  }
}

function endOfBlock(sql: string, from: number): number {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = from;
  let depth = 0;
  for (let match = edge.exec(sql); match; match = edge.exec(sql)) {
    depth += match[0] === '/*' ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  return sql.length;
}
