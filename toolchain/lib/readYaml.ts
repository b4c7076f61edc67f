import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parse, YAMLParseError } from 'yaml';
import { UserFault } from './fault.ts';

/**
 * Reads a file of Pulumi's, such as `Pulumi.dev.yaml`; an empty one is an empty map.
 *
 * @throws UserFault with the name of the file, and the line, where it is no map
 */
export function readYaml(file: string): {
  config?: Record<string, unknown>;
  secretsprovider?: string;
} {
  const name = basename(file);
  let found: unknown;
  try {
    found = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    const line = error.linePos?.[0].line;
    throw new UserFault(
      `${name}${line === undefined ? '' : `, line ${line}`}: ${error.message.replace(/ at line \d[^]*$/, '')}.`,
      `Mend ${name}; nothing was changed.`,
      { cause: error },
    );
  }
  for (const [what, value] of [
    [name, found ?? {}],
    [`${name}: config`, (found as { config?: unknown } | null)?.config ?? {}],
  ] as const) {
    if (typeof value === 'object' && !Array.isArray(value)) continue;
    throw new UserFault(
      `${what}: must be a map of keys and values, such as \`slipway:platform: docker\`.`,
      `Mend ${name}; nothing was changed.`,
    );
  }
  return found ?? {};
}
