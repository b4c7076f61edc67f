import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';

/** The checkout that this pack belongs to. */
const root = resolve(import.meta.dirname, '..', '..', '..');

/**
 * The configuration of a stack, by key without the project's namespace. It is read from the stack's
 * file, because the SDK for Node drops the stack's name and configuration that the engine sends.
 *
 * @param urn of any resource of the stack
 */
export function stackSettings(urn: string, env = process.env): Record<string, unknown> {
  const [stack = '', project = ''] = urn.replace(/^urn:pulumi:/, '').split('::');
  const file = env['SLIPWAY_STACK_FILE'] ?? join(root, `Pulumi.${stack}.yaml`);
  if (!existsSync(file)) return {};
  const parsed = parse(readFileSync(file, 'utf8')) as { config?: Record<string, unknown> } | null;
  const own = Object.entries(parsed?.config ?? {}).filter(([key]) => key.startsWith(`${project}:`));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(project.length + 1), value]));
}
