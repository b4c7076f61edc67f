import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exec, tryExec } from '../lib/exec.ts';
import { pulumiHome, root } from '../lib/paths.ts';
import type { StepResult } from '../lib/progress.ts';
import { goBuild } from '../stand-ins/go.ts';
import { installProgram } from '../stand-ins/installProgram.ts';
import {
  downloadsReachable,
  mark,
  officialCanReplace,
  originOf,
  recipeOf,
  sourceHash,
  type Origin,
} from '../stand-ins/origin.ts';
import { enginePath } from '../pulumi/pulumiEngine.ts';

/**
 * A resource plugin that the program uses, and how we make one where the official cannot be had.
 */
export interface Plugin {
  name: string;
  /** The version that the npm package of the same name asks for. */
  version: string;
  recipe: string;
  /** Writes the plugin's executable. */
  make(executable: string, note: (line: string) => void): Promise<void>;
}

export function versionOf(name: string): string {
  return (
    JSON.parse(readFileSync(join(root, `node_modules/@pulumi/${name}/package.json`), 'utf8')) as {
      version: string;
    }
  ).version;
}

/** The plugins of a stack on Docker. */
export function dockerStackPlugins(): Plugin[] {
  const docker = versionOf('docker');
  const random = versionOf('random');
  return [
    {
      name: 'docker',
      version: docker,
      recipe: sourceHash(['bridge-docker/*.go', 'bridge-docker/go.*'], docker),
      make: (output, note) => {
        note('building the bridge to its Terraform provider (2 to 4 minutes the first time)');
        return goBuild({
          module: 'bridge-docker',
          package: '.',
          output,
          ldflags: `-s -w -X main.version=${docker}`,
          tags: 'no_compose',
        });
      },
    },
    {
      name: 'random',
      version: random,
      recipe: sourceHash(
        ['random/*.ts', '../../infra/exitWithParent.ts', 'installProgram.ts'],
        random,
        process.version,
      ),
      make: (output) => installProgram('toolchain/stand-ins/random/main.ts', output),
    },
  ];
}

export function pluginFolder({ name, version }: Plugin): string {
  return join(pulumiHome(), 'plugins', `resource-${name}-v${version}`);
}

export function pluginOrigin(plugin: Plugin): Origin {
  return originOf(pluginFolder(plugin), `pulumi-resource-${plugin.name}`);
}

/**
 * Prepares a plugin while the engine may still be building, and installs it when that is done:
 * `pulumi plugin install` puts it where the engine looks, the official one where it can be
 * downloaded, else ours with a marker.
 */
export async function ensurePlugin(
  plugin: Plugin,
  engine: Promise<unknown>,
  note: (line: string) => void,
): Promise<StepResult> {
  const folder = pluginFolder(plugin);
  const origin = pluginOrigin(plugin);
  const label = `${plugin.name} ${plugin.version}`;
  if (origin === 'official') return { found: `${label}, official`, worked: false };
  if (origin === 'ours' ? await officialCanReplace(folder) : await downloadsReachable()) {
    await engine;
    note(`downloading ${label}`);
    const { code } = await tryExec(enginePath(), [
      'plugin',
      'install',
      'resource',
      plugin.name,
      plugin.version,
      '--reinstall',
    ]);
    if (code === 0) return { found: `${label}, official, downloaded`, worked: true };
    note('the download failed');
  }
  if (origin === 'ours' && recipeOf(folder) === plugin.recipe)
    return { found: `${label}, built here`, worked: false };
  const scratch = mkdtempSync(join(tmpdir(), 'slipway-plugin.'));
  try {
    await plugin.make(join(scratch, `pulumi-resource-${plugin.name}`), note);
    mark(scratch, plugin.recipe);
    await engine;
    await exec(enginePath(), [
      'plugin',
      'install',
      'resource',
      plugin.name,
      plugin.version,
      '--file',
      scratch,
      '--reinstall',
    ]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return { found: `${label}, built here in place of the official one`, worked: true };
}
