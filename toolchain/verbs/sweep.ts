import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stackConfig } from '../lib/context.ts';
import { passThrough } from '../lib/exec.ts';
import { UserFault } from '../lib/fault.ts';
import { root } from '../lib/paths.ts';
import { say } from '../lib/progress.ts';
import { stackKey } from '../lib/stackKey.ts';

/**
 * Destroys the stacks on Docker of this checkout whose time to live is over, with their data and
 * their files. A stack without `expires` stays.
 */
export async function sweep(): Promise<number> {
  const expired = expiredStacks(new Date());
  if (expired.length === 0) {
    say('No stack of this checkout is past its time (slipway:expires).');
    return 0;
  }
  const failed: string[] = [];
  for (const name of expired) {
    const command = ['--no-print-directory', 'destroy', `STACK=${name}`, `CONFIRM=${name}`];
    if ((await passThrough('make', command, { cwd: root })) === 0)
      rmSync(join(root, `Pulumi.${name}.yaml`));
    else failed.push(name);
  }
  if (failed.length === 0) return 0;
  throw new UserFault(
    `${failed.join(', ')} could not be destroyed; the reason is above.`,
    'Their files stay. Mend it, then `make sweep` again.',
  );
}

function expiredStacks(now: Date): string[] {
  return readdirSync(root).flatMap((file) => {
    const name = /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1];
    if (name === undefined || stackConfig('platform', name) !== 'docker') return [];
    const expires = stackKey('expires', stackConfig('expires', name));
    return expires !== undefined && new Date(expires) <= now ? [name] : [];
  });
}
