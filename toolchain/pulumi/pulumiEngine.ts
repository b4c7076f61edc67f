import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tryExec } from '../lib/exec.ts';
import { node, pulumiHome, root } from '../lib/paths.ts';
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
} from '../stand-ins/origin.ts';

/**
 * The version of the npm package `pulumi`, whose wrapper looks for the engine of the same version.
 */
export const engineVersion = (
  JSON.parse(readFileSync(join(root, 'node_modules/pulumi/package.json'), 'utf8')) as {
    version: string;
  }
).version;

/** Where the npm package's wrapper expects it. */
export function engineFolder(): string {
  return join(pulumiHome(), 'versions', engineVersion, 'bin');
}

export function enginePath(): string {
  return join(engineFolder(), 'pulumi');
}

/**
 * The official engine where it can be downloaded; else the same version built from its Go module,
 * with our language host.
 */
export async function ensureEngine(note: (line: string) => void): Promise<StepResult> {
  const folder = engineFolder();
  const origin = originOf(folder, 'pulumi');
  if (origin === 'official') return { found: `Pulumi ${engineVersion}, official`, worked: false };
  if (origin === 'ours' ? await officialCanReplace(folder) : await downloadsReachable()) {
    note(`downloading Pulumi ${engineVersion}`);
    if (await download(folder))
      return { found: `Pulumi ${engineVersion}, official, downloaded`, worked: true };
    note('the download failed');
  }
  const built = await build(folder, note);
  const hosted = await ensureLanguageHost(folder);
  return {
    found: `Pulumi ${engineVersion}, built here from its Go module`,
    worked: built || hosted,
  };
}

async function download(folder: string): Promise<boolean> {
  const aside = `${folder}.ours`;
  rmSync(aside, { recursive: true, force: true });
  if (existsSync(folder)) renameSync(folder, aside);
  const { code } = await tryExec(node, [join(root, 'node_modules/pulumi/run.js'), 'version']);
  const got = code === 0 && existsSync(join(folder, 'pulumi'));
  if (!got) rmSync(folder, { recursive: true, force: true });
  if (!got && existsSync(aside)) renameSync(aside, folder);
  rmSync(aside, { recursive: true, force: true });
  return got;
}

async function build(folder: string, note: (line: string) => void): Promise<boolean> {
  const output = join(folder, 'pulumi');
  if (existsSync(output)) return false;
  mkdirSync(folder, { recursive: true });
  note(
    `Pulumi's downloads are not reachable: building ${engineVersion} from its Go module (2 to 4 minutes the first time)`,
  );
  await goBuild({
    module: 'engine',
    package: 'github.com/pulumi/pulumi/pkg/v3/cmd/pulumi',
    output: `${output}.new`,
    ldflags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${engineVersion}`,
  });
  // The marker first: what lies under the final name is always known to be ours.
  mark(folder, '');
  renameSync(`${output}.new`, output);
  return true;
}

async function ensureLanguageHost(folder: string): Promise<boolean> {
  const executable = join(folder, 'pulumi-language-nodejs');
  const recipe = sourceHash(
    ['language-host/*.ts', '../../infra/exitWithParent.ts', 'installProgram.ts'],
    process.version,
  );
  if (existsSync(executable) && recipeOf(folder) === recipe) return false;
  await installProgram('toolchain/stand-ins/language-host/host.ts', executable);
  mark(folder, recipe);
  return true;
}
