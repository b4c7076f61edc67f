import { isDockerStack } from '../lib/context.ts';
import { node } from '../lib/paths.ts';
import { say, step } from '../lib/progress.ts';
import { awsPlugin } from './awsPlugin.ts';
import { ensureBaseImages } from './baseImages.ts';
import { ensureDockerEngine } from './dockerEngine.ts';
import { dockerStackPlugins, ensurePlugin } from './plugins.ts';
import { ensureEngine } from '../pulumi/pulumiEngine.ts';
import { ensureState } from '../pulumi/state.ts';

/**
 * Everything a stack needs to come up, independent steps side by side; each is skipped when its
 * result is there.
 *
 * @param aws whether the AWS plugin is needed: for stacks on AWS and their rehearsal; others do not
 *   wait for it
 */
export async function setUp({ aws = !isDockerStack() }: { aws?: boolean } = {}): Promise<void> {
  say(`  ✓ Node: ${process.version} at ${node}`);
  const docker = step('Docker engine', ensureDockerEngine);
  const images = docker.then(() => step('base images', ensureBaseImages));
  const engine = step('Pulumi engine', ensureEngine);
  const wanted = [...dockerStackPlugins(), ...(aws ? [awsPlugin()] : [])];
  const plugins = wanted.map((plugin) =>
    step(`plugin ${plugin.name}`, (note) => ensurePlugin(plugin, engine, note)),
  );
  const state = step('passphrase and state', ensureState);
  // All are waited for, so that a failure of one does not cut another off half-way; then the first
  // failure is reported.
  const results = await Promise.allSettled([docker, images, engine, ...plugins, state]);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}
