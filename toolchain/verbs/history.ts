import { extraArgs, stack } from '../lib/context.ts';
import { say } from '../lib/progress.ts';
import { releasesOf } from '../pulumi/releases.ts';
import { noSuchStack } from './promotable.ts';
import { table } from './containers.ts';

/** Lists the releases of the stack that served, newest first. */
export async function history(): Promise<number> {
  const releases = await releasesOf(stack);
  if (!releases) throw noSuchStack(stack);
  const { receipts, signer } = releases;
  if (extraArgs().includes('--json')) {
    process.stdout.write(`${JSON.stringify(receipts)}\n`);
    return 0;
  }
  if (receipts.length === 0) {
    say(`No release of stack ${stack} has served yet. Next: \`make up STACK=${stack}\`.`);
    return 0;
  }
  const rows = receipts.map(({ at, release, repoDigest, instances, attestation }, index) => [
    at.replace(/\.\d+Z$/, 'Z'),
    release,
    repoDigest ?? '-',
    instances.join(' '),
    [index === 0 && 'serves', attestation && 'signed'].filter(Boolean).join(', '),
  ]);
  const head = ['WHEN', 'RELEASE', 'IN THE REGISTRY', 'INSTANCES', ''];
  process.stdout.write(`${table([head, ...rows])}\n`);
  if (signer) say(`Its key, for slipway:promoteKeys of a stack that it promotes to: ${signer}`);
  say(`Next: \`make promote FROM=${stack} TO=…\` takes the newest to another stack.`);
  return 0;
}
