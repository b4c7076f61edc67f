import type { Node, RangeVar } from 'libpg-query';

/** A name as it is written in SQL: in quotes only where it needs them. */
export const quoted = (name: string): string =>
  /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;

/** Such as `users` or `app."Odd name"`. */
export function tableName({ schemaname, relname = '' }: RangeVar): string {
  return [schemaname, relname]
    .flatMap((part) => (part === undefined ? [] : quoted(part)))
    .join('.');
}

/** The words of a name that the parser gives as a list, such as `["app", "users"]`. */
export function wordsOf(node: Node | undefined): string[] {
  if (!node) return [];
  if ('String' in node) return [node.String.sval ?? ''];
  if ('List' in node) return (node.List.items ?? []).flatMap(wordsOf);
  return [];
}

/**
 * Calls `see` with each part of a tree: the kind of a node, such as `RangeVar`, and its fields. A
 * part is told by the name of the field that holds it where the parser does not wrap it, such as
 * `relation`.
 */
export function walk(tree: unknown, see: (kind: string, fields: object) => void): void {
  // A list, not a call for each level: a long chain of operators is as deep as it is long.
  const left: [string, unknown][] = [['', tree]];
  for (let next = left.pop(); next; next = left.pop()) {
    const [kind, value] = next;
    if (typeof value !== 'object' || value === null) continue;
    if (Array.isArray(value)) {
      for (const item of value) left.push(['', item]);
      continue;
    }
    if (kind !== '') see(kind, value);
    for (const entry of Object.entries(value)) left.push(entry);
  }
}

/** Whether an option of a list, such as `(FULL, VERBOSE off)`, is on. */
export function isOn(options: Node[] | undefined, name: string): boolean {
  const option = options
    ?.flatMap((node) => ('DefElem' in node ? [node.DefElem] : []))
    .find(({ defname }) => defname === name);
  if (!option) return false;
  const { arg } = option;
  if (!arg) return true;
  if ('Boolean' in arg) return arg.Boolean.boolval ?? false;
  if ('Integer' in arg) return (arg.Integer.ival ?? 0) !== 0;
  return 'String' in arg && /^(?:on|true)$/i.test(arg.String.sval ?? '');
}
