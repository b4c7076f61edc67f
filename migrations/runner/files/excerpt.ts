/** The line an offset falls on, its number, and a caret under the place. */
export function excerpt(sql: string, offset: number): string {
  const line = lineOf(sql, offset);
  const lineStart = sql.slice(0, offset).lastIndexOf('\n') + 1;
  const lineEnd = sql.indexOf('\n', offset);
  const text = sql.slice(lineStart, lineEnd < 0 ? undefined : lineEnd);
  // A very long line is cut around the place, so that the caret stays in sight.
  const from = Math.max(0, offset - lineStart - 60);
  const shown = (from > 0 ? '…' : '') + text.slice(from, from + 120);
  const prefix = `  line ${line} | `;
  const column = offset - lineStart - from + (from > 0 ? 1 : 0);
  const pad = (prefix + shown.slice(0, column)).replace(/[^\t]/g, ' ');
  // A lone carriage return would send a terminal back to the start of the line.
  return `${prefix}${shown.replaceAll('\r', ' ')}\n${pad}^`;
}

/** The line an offset falls on, from 1. */
export function lineOf(sql: string, offset: number): number {
  return sql.slice(0, offset).split('\n').length;
}

/** Postgres counts characters, JavaScript counts UTF-16 units. */
export function utf16Offset(text: string, characters: number): number {
  let offset = 0;
  for (let i = 0; i < characters && offset < text.length; i++)
    offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
  return offset;
}
