import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** The checkout this toolchain belongs to, absolute. */
export const root = resolve(import.meta.dirname, '..', '..');

/** The sources of everything that is built here where the official one cannot be downloaded. */
export const standIns = resolve(root, 'toolchain', 'stand-ins');

/** The folder that one checkout keeps to itself: state, passphrase, logs. Git ignores it. */
export const privateDir = join(root, '.slipway');

/** Pulumi's own folder: engines and plugins, shared by all checkouts of this user. */
export function pulumiHome(env: NodeJS.ProcessEnv = process.env): string {
  return env['PULUMI_HOME'] ?? join(homedir(), '.pulumi');
}

/**
 * The Node that runs this process: toolchain/run has chosen it, so children and launchers use the
 * same one.
 */
export const node = process.execPath;

/** The folder to put first on PATH, so that `npx`-less `pulumi` and `node` mean this checkout's. */
export const binDir = join(root, 'node_modules', '.bin');

/** The folder of the running Node. */
export const nodeDir = dirname(node);
