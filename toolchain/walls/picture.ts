import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../lib/paths.ts';
import { rooms } from './rooms.ts';

const page = join(root, 'docs', 'architecture.md');
const begin =
  '<!-- rooms: made from toolchain/walls/rooms.ts by `node toolchain/walls/picture.ts` -->';
const end = '<!-- /rooms -->';

/** One picture for each part of the project: who imports whom inside it, as Mermaid. */
function pictures(table: Record<string, string[]> = rooms): string {
  const parts = [...new Set(Object.keys(table).map(partOf))];
  return parts.map((part) => picture(part, table)).join('\n\n');
}

/** The page as it should be, and as it is. */
export function renderedPage(): { is: string; shouldBe: string } {
  const is = readFileSync(page, 'utf8');
  const [before, rest = ''] = is.split(begin);
  const after = rest.slice(rest.indexOf(end));
  return { is, shouldBe: `${before}${begin}\n\n${pictures()}\n\n${after}` };
}

/** `infra/aws`, `infra/provider` and the like have a picture of their own. */
function partOf(room: string): string {
  const [first = '', second = '', third] = room.split('/');
  const nested =
    third !== undefined || Object.keys(rooms).some((name) => name.startsWith(`${room}/`));
  return second !== '' && nested && !room.endsWith('.ts') ? `${first}/${second}` : first;
}

function picture(part: string, table: Record<string, string[]>): string {
  const inside = Object.keys(table).filter((name) => partOf(name) === part || name === part);
  const arrows = inside.flatMap((from) =>
    direct(from, table)
      .filter((to) => inside.includes(to))
      .map((to) => `  ${id(from)} --> ${id(to)}`),
  );
  const boxes = inside.map((name) => `  ${id(name)}["${name}"]`);
  return ['```mermaid', 'flowchart TD', ...boxes, ...arrows, '```'].join('\n');
}

/** Without the arrows that another path says already. */
function direct(from: string, table: Record<string, string[]>): string[] {
  const next = table[from] ?? [];
  const beyond = new Set(next.flatMap((room) => [...reachable(room, table)]));
  return next.filter((room) => !beyond.has(room));
}

/** Every room that one can get to from a room, itself left out. */
export function reachable(from: string, table: Record<string, string[]> = rooms): Set<string> {
  const found = new Set<string>();
  const visit = (room: string) => {
    for (const next of table[room] ?? []) {
      if (found.has(next)) continue;
      found.add(next);
      visit(next);
    }
  };
  visit(from);
  return found;
}

function id(name: string): string {
  return name.replaceAll(/[^a-zA-Z]/g, '_');
}

if (import.meta.main) writeFileSync(page, renderedPage().shouldBe);
