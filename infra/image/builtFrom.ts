import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Built } from '../receipt/provenance.ts';
import { baseImages } from '../docker-engine/baseImages.ts';
import type { BuildPlan } from './buildPlan.ts';

const run = promisify(execFile);

/** The files of a checkout that make the image. */
export const imageSources = [
  'app',
  'migrations',
  'package.json',
  'package-lock.json',
  '.dockerignore',
];

/** The commit of a checkout, where the image's source is as it says; none without Git. */
export async function builtFrom({ context, hash }: BuildPlan): Promise<Built> {
  const git = async (...args: string[]) => (await run('git', ['-C', context, ...args])).stdout;
  let revision: string | undefined;
  try {
    const changed = await git('status', '--porcelain', '--', ...imageSources);
    if (changed.trim() === '') revision = (await git('rev-parse', 'HEAD')).trim();
  } catch {
    // No repository, no commit yet, or no Git.
  }
  return { source: hash, base: baseImages.node, ...(revision && { revision }) };
}
