import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { node, pulumiHome, root } from '../lib/paths.ts';

/**
 * Installs a TypeScript program of ours as one file and an executable that runs it. Both lie in
 * Pulumi's folder, which all checkouts share: neither may need this checkout to live on.
 */
export async function installProgram(source: string, executable: string): Promise<void> {
  mkdirSync(dirname(executable), { recursive: true });
  const bundle = `${executable}.cjs`;
  await build({
    entryPoints: [join(root, source)],
    outfile: `${bundle}.new`,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    logLevel: 'error',
    // Only the closure serialiser of dynamic providers needs these, and it is never reached here.
    external: ['typescript', 'ts-node', '@npmcli/arborist'],
  });
  renameSync(`${bundle}.new`, bundle);
  const lines = [
    '#!/bin/sh',
    '# Made by Slipway in place of the official program, which could not be downloaded.',
    `for node in ${[keptNode(), node].map(quote).join(' ')} "$(command -v node)"; do`,
    `  if [ -x "$node" ]; then exec "$node" "$0.cjs" "$@"; fi`,
    'done',
    'echo "No Node to run $0 with: type \\`make up\\` in a checkout of Slipway." >&2',
    'exit 1',
  ];
  writeFileSync(`${executable}.new`, `${lines.join('\n')}\n`);
  chmodSync(`${executable}.new`, 0o755);
  renameSync(`${executable}.new`, executable);
}

/**
 * A Node beside the plugins, linked rather than copied where that can be, that stays when
 * node_modules goes.
 */
function keptNode(): string {
  const kept = join(pulumiHome(), 'slipway', `node-${process.version}`);
  if (existsSync(kept)) return kept;
  mkdirSync(dirname(kept), { recursive: true });
  try {
    linkSync(node, kept);
  } catch {
    copyFileSync(node, `${kept}.new`);
    renameSync(`${kept}.new`, kept);
  }
  chmodSync(kept, 0o755);
  return kept;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
