import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { project, stack } from '../lib/context.ts';
import { privateDir, root } from '../lib/paths.ts';

/**
 * Writes a variant of the stack's file, which stays as it is, for one update with other
 * configuration.
 *
 * @param changes keys without the project's namespace; `undefined` removes one
 * @returns the variant's path, for `--config-file`
 */
export function stackFileWith(changes: Record<string, string | number | undefined>): string {
  const name = `Pulumi.${stack}.yaml`;
  const settings = parse(readFileSync(join(root, name), 'utf8')) as {
    config: Record<string, unknown>;
  };
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) delete settings.config[`${project}:${key}`];
    // As Pulumi writes them itself: numbers in quotes.
    else settings.config[`${project}:${key}`] = String(value);
  }
  const folder = join(privateDir, 'rehearsal');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, name);
  writeFileSync(file, stringify(settings));
  return file;
}
