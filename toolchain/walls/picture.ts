import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../lib/paths.ts';
import { rooms } from './rooms.ts';

type Table = Record<string, string[]>;

const page = join(root, 'docs', 'architecture.md');
const begin =
  '<!-- rooms: made from toolchain/walls/rooms.ts by `node toolchain/walls/picture.ts` -->';
const end = '<!-- /rooms -->';

/** The page as it should be, and as it is. */
export function renderedPage(): { is: string; shouldBe: string } {
  const is = readFileSync(page, 'utf8');
  const [before, rest = ''] = is.split(begin);
  const after = rest.slice(rest.indexOf(end));
  return { is, shouldBe: `${before}${begin}\n\n${pictures(rooms).join('\n\n')}\n\n${after}` };
}

/** Every room that one can get to from a room; the room itself only where there is a circle. */
export function reachable(from: string, table: Table = rooms): Set<string> {
  const found = new Set<string>();
  const visit = (room: string): void => {
    for (const next of table[room] ?? []) {
      if (found.has(next)) continue;
      found.add(next);
      visit(next);
    }
  };
  visit(from);
  return found;
}

/** One picture for each top folder, and one for each folder in it that has rooms of its own. */
function pictures(table: Table): string[] {
  const names = Object.keys(table);
  const groups = [...new Set(names.filter((name) => name.split('/').length > 2).map(groupOf))];
  const collapsed = collapse(table, (name) =>
    groups.includes(groupOf(name)) ? groupOf(name) : name,
  );
  const tops = [...new Set(names.map((name) => name.split('/')[0] ?? name))];
  return tops.flatMap((top) => {
    const own = groups.filter((group) => group.startsWith(`${top}/`));
    const overview = picture(top, collapsed);
    return [
      ...(overview.includes('-->') ? [overview] : []),
      ...own.map((group) => picture(group, table)),
    ];
  });
}

/** Such as `infra/aws`, for whatever lies in it. */
function groupOf(name: string): string {
  return name.split('/').slice(0, 2).join('/');
}

/** The table with each folder that has rooms of its own as one room. */
function collapse(table: Table, merged: (name: string) => string): Table {
  const result: Record<string, Set<string>> = {};
  for (const [name, may] of Object.entries(table)) {
    const from = merged(name);
    const to = (result[from] ??= new Set());
    for (const next of may.map(merged)) if (next !== from) to.add(next);
  }
  return Object.fromEntries(Object.entries(result).map(([name, may]) => [name, [...may]]));
}

function picture(folder: string, table: Table): string {
  const inside = Object.keys(table).filter((name) => `${name}/`.startsWith(`${folder}/`));
  const arrows = inside.flatMap((from) =>
    direct(from, table)
      .filter((to) => inside.includes(to))
      .map((to) => `  ${id(from)} --> ${id(to)}`),
  );
  const boxes = inside.map((name) => `  ${id(name)}["${name}"]`);
  return ['```mermaid', 'flowchart TD', ...boxes, ...arrows, '```'].join('\n');
}

/** The arrows that no way round says already. */
function direct(from: string, table: Table): string[] {
  const next = table[from] ?? [];
  const beyond = new Set(next.flatMap((room) => [...reachable(room, table)]));
  return next.filter((room) => !beyond.has(room));
}

function id(name: string): string {
  return name.replaceAll(/[^a-zA-Z]/g, '_');
}

if (import.meta.main) writeFileSync(page, renderedPage().shouldBe);
