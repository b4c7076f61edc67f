import { extraArgs, stack } from '../lib/context.ts';
import { pemOf } from '../../infra/receipt/signer.ts';
import { tryExec } from '../lib/exec.ts';
import { UserFault } from '../lib/fault.ts';
import { root } from '../lib/paths.ts';
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
  if (extraArgs().includes('--key')) {
    if (!signer) throw unsigned();
    process.stdout.write(pemOf(signer));
    return 0;
  }
  if (receipts.length === 0) {
    say(`No release of stack ${stack} has served yet. Next: \`make up STACK=${stack}\`.`);
    return 0;
  }
  const approvals = await approvalsOf(receipts.map(({ release }) => release));
  const rows = receipts.map(({ at, release, repoDigest, instances, attestation }, index) => [
    at.replace(/\.\d+Z$/, 'Z'),
    release,
    repoDigest ?? '-',
    instances.join(' '),
    approvals.get(release) ?? '-',
    [index === 0 && 'serves', attestation && 'signed'].filter(Boolean).join(', '),
  ]);
  const head = ['WHEN', 'RELEASE', 'IN THE REGISTRY', 'INSTANCES', 'COMMITTED BY', ''];
  process.stdout.write(`${table([head, ...rows])}\n`);
  if (signer) say(`Its key, for slipway:promoteKeys of a stack that it promotes to: ${signer}`);
  say(`Next: \`make promote FROM=${stack} TO=…\` takes the newest to another stack.`);
  return 0;
}

const unsigned = () =>
  new UserFault(
    `Stack ${stack} has not signed a release yet.`,
    `\`make up STACK=${stack}\` verifies one and signs it.`,
  );

/** Who committed that the stack's file names a release, with the commit. */
async function approvalsOf(releases: string[]): Promise<Map<string, string>> {
  const found = await Promise.all(
    [...new Set(releases)].map(async (release) => {
      const about = ['--format=%an %h', `-S${release}`, '--', `Pulumi.${stack}.yaml`];
      const { code, stdout } = await tryExec('git', ['-C', root, 'log', ...about]);
      // The oldest brought it, a newer one took it away.
      const first = code === 0 ? stdout.trim().split('\n').at(-1) : undefined;
      return first ? [[release, first] as const] : [];
    }),
  );
  return new Map(found.flat());
}
