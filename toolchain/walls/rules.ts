import { rooms } from './rooms.ts';

/** Tests, benchmarks, and what only they use. */
const testCode = '(^(tests|bench)/|\\.test\\.ts$|(^|/)test-support/)';

/** The project's own code, as opposed to packages. */
const ours = '^(app|infra|migrations|toolchain)/';

/** A rule as dependency-cruiser takes it. */
export interface Rule {
  name: string;
  comment: string;
  severity: 'error';
  from: { path?: string; pathNot?: string[] };
  to: { path?: string; pathNot?: string[]; circular?: boolean };
}

/** The rules that hold the code to the table of rooms. */
export function wallRules(table: Record<string, string[]> = rooms): Rule[] {
  const names = Object.keys(table);
  return [
    {
      name: 'no-circles',
      comment: 'Files that import each other are one subject, or what they share is a third one.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'tests-are-imported-by-tests',
      comment: 'Code that tests and production share belongs to production.',
      severity: 'error',
      from: { path: ours, pathNot: [testCode] },
      to: { path: testCode },
    },
    {
      name: 'every-file-has-a-room',
      comment: 'Move the file into a room, or add its room to toolchain/walls/rooms.ts.',
      severity: 'error',
      from: { path: ours, pathNot: [testCode, ...names.map((name) => pattern(name, names))] },
      to: {},
    },
    ...names.map((name): Rule => {
      const open = [name, ...(table[name] ?? [])];
      return {
        name,
        comment: `${name} may import ${open.slice(1).join(', ') || 'no other room'}.`,
        severity: 'error',
        from: { path: pattern(name, names), pathNot: [testCode] },
        to: { path: ours, pathNot: open.map((room) => pattern(room, names)) },
      };
    }),
  ];
}

/**
 * Matches a room's files: all below a folder, or, where it has rooms inside, those directly in it
 * that are no room themselves.
 */
function pattern(name: string, names: string[]): string {
  if (name.endsWith('.ts')) return `^${escaped(name)}$`;
  const inside = names.filter((other) => other.startsWith(`${name}/`));
  if (inside.length === 0) return `^${escaped(name)}/`;
  const files = inside.filter((other) => other.endsWith('.ts')).map((file) => `${escaped(file)}$`);
  return `^${files.length > 0 ? `(?!${files.join('|')})` : ''}${escaped(name)}/[^/]+$`;
}

function escaped(name: string): string {
  return name.replaceAll('.', '\\.');
}
