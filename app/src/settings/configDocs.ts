import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as z from 'zod';
import { migrateSettings, seedSettings, serveSettings, type SettingNotes } from './settings.ts';

const roles = { serve: serveSettings, migrate: migrateSettings, seed: seedSettings } as const;

interface Variable extends SettingNotes {
  name: string;
  required: boolean;
  roles: string[];
}

/** Every variable once, with the roles that read it. */
function variables(): Variable[] {
  const found = new Map<string, Variable>();
  for (const [role, schema] of Object.entries(roles)) {
    for (const [name, type] of Object.entries(schema.shape as Record<string, z.ZodType>)) {
      const known = found.get(name);
      if (known) known.roles.push(role);
      else
        found.set(name, {
          ...(type.meta() as unknown as SettingNotes),
          name,
          required: !type.safeParse(undefined).success,
          roles: [role],
        });
    }
  }
  return [...found.values()];
}

/** `.env.example`: required variables to fill in; the others commented out with their default. */
function envExample(): string {
  const lines = variables().map(({ name, about, required, example, default: value }) => {
    const setting = `${name}=${example ?? value ?? ''}`;
    return `# ${about}\n${required ? setting : `# ${setting}`}\n`;
  });
  return `# Made from app/src/settings/settings.ts by \`node app/src/settings/configDocs.ts\`. Copy to .env and edit.\n\n${lines.join('\n')}`;
}

/** `docs/environment.md`: the table of variables. */
function environmentPage(): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const rows = variables().map(({ name, about, required, secret, default: value, roles }) => {
    const fallback = required ? '**required**' : value ? `\`${value}\`` : 'none';
    return `| \`${name}\` | ${cell(fallback)} | ${roles.join(', ')} | ${cell(about)}${secret ? ' _Secret._' : ''} |`;
  });
  return [
    '# Environment variables of the app',
    '',
    '<!-- Made from app/src/settings/settings.ts by `node app/src/settings/configDocs.ts`; a test keeps it so. -->',
    '',
    'The app reads its settings from the environment alone.',
    'Each role first checks those it needs, reports every fault at once by name, and prints no value.',
    'With a fault it ends with exit code 2.',
    'An empty variable counts as absent.',
    '',
    '| Variable | Default | Read by | Meaning |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

/** The generated files, by their path from the root of the checkout. */
const generatedFiles = {
  '.env.example': envExample,
  'docs/environment.md': environmentPage,
} as const;

/** The generated files that differ from the settings. The alignment of a table does not count. */
export function staleFiles(root: string): string[] {
  const loose = (text: string): string => text.replace(/[ -]+/g, ' ');
  return Object.entries(generatedFiles)
    .filter(([path, make]) => loose(readFileSync(join(root, path), 'utf8')) !== loose(make()))
    .map(([path]) => path);
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '../../..');
  for (const [path, make] of Object.entries(generatedFiles))
    writeFileSync(join(root, path), make());
}
