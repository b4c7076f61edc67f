import { randomBytes } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { tryExec } from '../lib/exec.ts';
import { UserFault } from '../lib/fault.ts';
import { binDir, nodeDir, privateDir, root } from '../lib/paths.ts';
import type { StepResult } from '../lib/progress.ts';

const stateDir = join(privateDir, 'state');
/** Where Pulumi's file backend keeps stacks and locks in it. */
export const stateFolder = join(stateDir, '.pulumi');
const ownBackend = backendUrl(stateDir);
const passphraseFile = join(privateDir, 'passphrase');

/**
 * The variables that every pulumi command of this checkout needs, and `make env` prints. Those that
 * the user has set stay.
 */
export function pulumiVariables(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const ownPassphrase =
    env['PULUMI_CONFIG_PASSPHRASE'] !== undefined ||
    env['PULUMI_CONFIG_PASSPHRASE_FILE'] !== undefined;
  return {
    ...(env['PULUMI_BACKEND_URL'] ? {} : { PULUMI_BACKEND_URL: ownBackend }),
    ...(ownPassphrase ? {} : { PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile }),
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    // BuildKit would add times to an image: the same source would be another image each time.
    BUILDX_NO_DEFAULT_ATTESTATIONS: '1',
    // The program and the plugins are Node processes that live for seconds; much of that was
    // compiling, each time anew.
    NODE_COMPILE_CACHE: env['NODE_COMPILE_CACHE'] ?? join(privateDir, 'compile-cache'),
    PATH: pathWith(env['PATH'] ?? ''),
  };
}

export function pulumiEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, ...pulumiVariables() };
}

function pathWith(path: string): string {
  const first = [binDir, nodeDir];
  return [...first, ...path.split(delimiter).filter((folder) => !first.includes(folder))].join(
    delimiter,
  );
}

/** Pulumi takes the address apart, and would read these characters of a folder's name as its own. */
export function backendUrl(folder: string): string {
  return `file://${folder.replace(/[%#?]/g, encodeURIComponent)}`;
}

/**
 * The files in a folder that match a pattern. The folder is no part of the pattern: it may be called
 * `[wip]`.
 */
export function filesIn(folder: string, pattern: string): string[] {
  return globSync(pattern, { cwd: folder }).map((file) => join(folder, file));
}

/** Whether the state is in this checkout, and not where the user has set. */
export function usesOwnBackend(env: NodeJS.ProcessEnv = process.env): boolean {
  return !env['PULUMI_BACKEND_URL'] || env['PULUMI_BACKEND_URL'] === ownBackend;
}

/** State folder, passphrase and the git filter that keeps this checkout's salt out of commits. */
export async function ensureState(): Promise<StepResult> {
  await setSaltFilter();
  if (!usesOwnBackend())
    return { found: `state at ${process.env['PULUMI_BACKEND_URL']} (yours)`, worked: false };
  mkdirSync(stateDir, { recursive: true });
  const isOwn =
    pulumiVariables()['PULUMI_CONFIG_PASSPHRASE_FILE'] === passphraseFile ||
    process.env['PULUMI_CONFIG_PASSPHRASE_FILE'] === passphraseFile;
  if (!isOwn || existsSync(passphraseFile))
    return { found: 'state and passphrase in .slipway/', worked: false };
  const stacks = filesIn(stateFolder, 'stacks/**/*.json').map((file) =>
    file.replace(/^.*\/|\.json$/g, ''),
  );
  if (stacks.length > 0) {
    throw new UserFault(
      `The passphrase .slipway/passphrase is gone; the state of ${stacks.join(', ')} is encrypted with it.`,
      `Put the file back from a backup, or delete everything and start again: \`make destroy STACK=${stacks[0]}\`, then \`make up\`.`,
    );
  }
  // Salts belong to the passphrase before this one, and nothing is encrypted with them.
  for (const file of stackFiles()) writeFileSync(file, withoutSalt(readFileSync(file, 'utf8')));
  writeFileSync(passphraseFile, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 });
  return {
    found:
      'made .slipway/state and a new .slipway/passphrase (keep a copy: secrets in the state need it)',
    worked: true,
  };
}

function stackFiles(): string[] {
  return filesIn(root, 'Pulumi.*.yaml');
}

export function withoutSalt(text: string): string {
  return text.replace(/^encryptionsalt:.*\r?\n?/gm, '');
}

async function setSaltFilter(): Promise<void> {
  if (!existsSync(join(root, '.git'))) return;
  const git = (...args: string[]) => tryExec('git', ['-C', root, 'config', '--local', ...args]);
  if ((await git('filter.slipway-salt.clean')).code === 0) return;
  await git('filter.slipway-salt.clean', "sed '/^encryptionsalt:/d'");
  await git('filter.slipway-salt.smudge', 'cat');
}

/**
 * Git takes a file of another size for changed without asking the filter. When the filter leaves no
 * difference, this notes the file's size in the index; its content there stays.
 */
export async function settleStackFile(stack: string): Promise<void> {
  const file = `Pulumi.${stack}.yaml`;
  const git = (...args: string[]) => tryExec('git', ['-C', root, ...args]);
  if ((await git('ls-files', '--error-unmatch', file)).code !== 0) return;
  if ((await git('diff', '--quiet', '--', file)).code === 0) await git('update-index', '--', file);
}
