import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { exec } from '../lib/exec.ts';
import { pulumiHome } from '../lib/paths.ts';

/** Names the mirror, or the provider's executable itself, before everything else. */
export const mirrorVariable = 'SLIPWAY_TERRAFORM_MIRROR';

/**
 * The bridge speaks the protocol of the provider's versions 5.x, and its mapping is made for them.
 */
const major = 5;

/** A Terraform AWS provider on this machine. */
export interface MirroredProvider {
  version: string;
  /** The executable, or the zip it is packed in. */
  path: string;
  packed: boolean;
  /** The folder it was found under, and why that was looked at. */
  mirror: string;
  because: string;
}

export interface Place {
  path: string;
  because: string;
}

/** Where a Terraform mirror may be, in the order in which they are looked at. */
export function mirrorPlaces(
  env: NodeJS.ProcessEnv = process.env,
  home: string = homedir(),
): Place[] {
  const places: Place[] = [];
  const add = (because: string, ...paths: (string | undefined)[]): void => {
    for (const path of paths)
      if (path) places.push({ path: path.replace(/^~(?=\/|$)/, home), because });
  };
  add(mirrorVariable, env[mirrorVariable]);
  add('TF_PLUGIN_CACHE_DIR', env['TF_PLUGIN_CACHE_DIR']);
  for (const file of new Set([
    env['TF_CLI_CONFIG_FILE'],
    join(home, '.terraformrc'),
    join(home, '.tofurc'),
  ])) {
    if (file && existsSync(file)) add(file, ...mirrorsOfConfig(readFileSync(file, 'utf8')));
  }
  const data = env['XDG_DATA_HOME'] ?? join(home, '.local/share');
  add('Terraform looks here', join(home, '.terraform.d/plugins'), join(data, 'terraform/plugins'));
  add('Terraform looks here', '/usr/local/share/terraform/plugins', '/usr/share/terraform/plugins');
  add('a usual place', join(home, '.terraform.d/plugin-cache'), join(home, 'tf-plugins'));
  add(
    'a usual place',
    '/opt/tf-plugins',
    '/opt/terraform/plugins',
    '/srv/tf-plugins',
    '/var/lib/terraform/plugins',
  );
  return places;
}

/** The mirrors and the cache that a Terraform CLI configuration names. */
export function mirrorsOfConfig(text: string): string[] {
  const plain = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*(#|\/\/).*$/gm, '');
  const mirrors = [...plain.matchAll(/filesystem_mirror\s*\{([^}]*)\}/g)].flatMap(([, block]) =>
    [...(block ?? '').matchAll(/^\s*path\s*=\s*"([^"]*)"/gm)].map(([, path]) => path ?? ''),
  );
  const cache = [...plain.matchAll(/^\s*plugin_cache_dir\s*=\s*"([^"]*)"/gm)].map(
    ([, path]) => path ?? '',
  );
  return [...mirrors, ...cache];
}

/** The newest provider of the first place that has one, or undefined. */
export function findProvider(
  places: Place[] = mirrorPlaces(),
  platform: string = thisPlatform(),
): MirroredProvider | undefined {
  for (const { path: mirror, because } of places) {
    const found = [...lookInto(mirror, platform)].sort((a, b) =>
      compareVersions(b.version, a.version),
    );
    if (found[0]) return { ...found[0], mirror, because };
  }
  return undefined;
}

function* lookInto(
  mirror: string,
  platform: string,
): Iterable<{ version: string; path: string; packed: boolean }> {
  const executable = /^terraform-provider-aws(?:_v(\d+\.\d+\.\d+))?(?:_x\d)?$/;
  const direct = executable.exec(basename(mirror));
  if (direct) {
    if (direct[1] && usable(direct[1]) && existsSync(mirror))
      yield { version: direct[1], path: mirror, packed: false };
    return;
  }
  for (const path of globSync(`*/hashicorp/aws/*/${platform}/terraform-provider-aws*`, {
    cwd: mirror,
  })) {
    const version = path.split('/')[3] ?? '';
    if (executable.test(basename(path)) && usable(version))
      yield { version, path: join(mirror, path), packed: false };
  }
  for (const path of globSync(`*/hashicorp/aws/terraform-provider-aws_*_${platform}.zip`, {
    cwd: mirror,
  })) {
    const version = /terraform-provider-aws_(\d+\.\d+\.\d+)_/.exec(basename(path))?.[1] ?? '';
    if (usable(version)) yield { version, path: join(mirror, path), packed: true };
  }
}

function usable(version: string): boolean {
  return /^\d+\.\d+\.\d+$/.test(version) && Number(version.split('.')[0]) === major;
}

function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** This machine as Terraform writes it: linux_amd64. */
export function thisPlatform(): string {
  const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch as string] ?? process.arch;
  return `${process.platform}_${arch}`;
}

/** The provider's executable; unpacks a packed one beside the plugins, once. */
export async function providerExecutable({
  version,
  path,
  packed,
}: MirroredProvider): Promise<string> {
  if (!packed) return path;
  const folder = join(pulumiHome(), 'slipway', `terraform-provider-aws-${version}`);
  const unpacked = (): string | undefined => globSync(join(folder, 'terraform-provider-aws*'))[0];
  if (!unpacked()) {
    const scratch = `${folder}.new`;
    rmSync(scratch, { recursive: true, force: true });
    mkdirSync(scratch, { recursive: true });
    // Python is there wherever the emulator is; unzip often is not.
    await exec('python3', ['-m', 'zipfile', '-e', path, scratch]);
    for (const file of globSync(join(scratch, 'terraform-provider-aws*')))
      await exec('chmod', ['755', file]);
    renameSync(scratch, folder);
  }
  const executable = unpacked();
  if (executable === undefined) throw new Error(`${path} holds no terraform-provider-aws.`);
  return executable;
}
