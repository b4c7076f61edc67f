import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { nameFault } from '../../infra/config/stackName.ts';
import { EngineApi } from '../../infra/docker-engine/engineApi.ts';
import { dockerHost } from '../../infra/docker-engine/host.ts';
import { disbelief } from '../../infra/receipt/verification.ts';
import { imageSources } from '../../infra/image/builtFrom.ts';
import { planBuild } from '../../infra/image/buildPlan.ts';
import { confirmByName, identity, project, stack, stackConfig } from '../lib/context.ts';
import { tryExec } from '../lib/exec.ts';
import { UserFault } from '../lib/fault.ts';
import { privateDir, root } from '../lib/paths.ts';
import { say } from '../lib/progress.ts';
import { stackKey } from '../lib/stackKey.ts';
import type { Receipt } from '../../infra/release/rollout.ts';
import { editStackFile } from '../pulumi/editStackFile.ts';
import { ensureStack } from '../pulumi/ensureStack.ts';
import { locks, requireUnlocked } from '../pulumi/locks.ts';
import { releasesOf } from '../pulumi/releases.ts';
import { setUp } from '../setup/all.ts';
import { promotable } from './promotable.ts';
import { review } from './review.ts';
import { ensureOwnEmulator, up } from './up.ts';

/**
 * Takes the release that one stack has verified to another one: checks it, shows what will change,
 * asks, and updates. Where anything of that fails, the other stack's file is as it was.
 */
export async function promote(): Promise<number> {
  const from = process.env['FROM'] ?? '';
  const to = process.env['TO'] ?? '';
  const fault = nameFault(from) ?? nameFault(to);
  if (fault || from === to)
    throw new UserFault(
      'A promotion goes from one stack to another.',
      'Name both: `make promote FROM=dev TO=prod`.',
    );
  const file = stackFile(to);
  const key = imageKey(from);
  await setUp();
  requireUnlocked();
  const releases = await releasesOf(from);
  const release = promotable({
    from,
    releases,
    busy: locks(from).some(({ alive }) => alive !== false),
    ...(await sourceOf(from)),
    maxAgeDays: stackKey('promoteMaxAgeDays'),
    trusted: stackKey('promoteKeys'),
  });
  const serving = (await releasesOf(to))?.receipts[0]?.release;
  if (serving === release) {
    say(`Stack ${to} runs the release ${release} of ${from} already; nothing was done.`);
    return 0;
  }
  handOver(release, releases?.receipts[0]);
  return withImage(file, key === 'image' ? release : undefined, () => {
    say(`\nThe release ${release}, verified by ${from}, in place of ${serving ?? 'nothing'}:`);
    return updateTo(release, `make promote FROM=${from} TO=${to}`);
  });
}

/** Lets the update put beside the image in the registry what FROM has signed about it. */
function handOver(release: string, receipt: Receipt | undefined): void {
  const proofs = [receipt?.attestation, receipt?.provenance].filter(Boolean);
  const file = join(privateDir, `proofs-${stack}.json`);
  writeFileSync(file, JSON.stringify({ release, proofs }));
  process.env['SLIPWAY_PROOFS'] = file;
}

/** Goes back to a release that served before; the same path as a promotion. */
export async function rollback(): Promise<number> {
  const to = process.env['TO'] ?? '';
  const file = stackFile(stack);
  const other = stackKey('imageFrom');
  if (stackKey('build') || other !== undefined) {
    const first =
      other === undefined ? 'check out the commit of that release' : `roll back stack ${other}`;
    throw new UserFault(
      `Stack ${stack} names no image of its own (slipway:${other === undefined ? 'build' : 'imageFrom'}).`,
      `Instead: ${first}, then \`make up STACK=${stack}\`.`,
    );
  }
  await setUp();
  requireUnlocked();
  const releases = await releasesOf(stack);
  const receipts = releases?.receipts ?? [];
  const release = earlier(receipts, to);
  requireUnchanged(receipts, release, releases?.signer);
  return withImage(file, release, () => {
    say(`\nThe release ${release} again, in place of ${receipts[0]?.release ?? 'nothing'}:`);
    return updateTo(release, `make rollback STACK=${stack} TO=${release}`);
  });
}

/** Refuses a receipt of this stack that was changed since. Older versions have signed none. */
function requireUnchanged(receipts: Receipt[], release: string, signer = ''): void {
  const receipt = receipts.find((one) => one.release === release);
  if (!receipt?.attestation) return;
  const reason = disbelief(receipt.attestation, { ...receipt, stack: `${project}/${stack}` }, [
    signer,
  ]);
  if (reason === undefined) return;
  throw new UserFault(
    `Stack ${stack} cannot go back to ${release.slice(0, 19)}: ${reason}.`,
    `\`make history STACK=${stack}\` lists the others.`,
  );
}

/** The release that `to` begins, or the one before that which serves. */
export function earlier(receipts: Pick<Receipt, 'release'>[], to: string): string {
  const serving = receipts[0]?.release;
  const others = [...new Set(receipts.map(({ release }) => release))].filter(
    (release) => release !== serving,
  );
  const found = to
    ? others.filter((release) =>
        release.replace('sha256:', '').startsWith(to.replace('sha256:', '')),
      )
    : others.slice(0, 1);
  if (found.length === 1 && found[0]) return found[0];
  const why = found.length > 1 ? `${found.length} releases begin with ${to}` : 'there is none';
  throw new UserFault(
    `No earlier release to go back to: ${why}.`,
    `\`make history STACK=${stack}\` lists them.`,
  );
}

/** Previews, asks, and updates. @param again the command to type after a failure is mended */
async function updateTo(release: string, again: string): Promise<number> {
  // A preview asks it, too.
  await ensureOwnEmulator();
  await ensureStack();
  const reviewed = await review(again);
  await confirmByName(`This takes stack ${stack} to the release ${release.slice(0, 19)}.`);
  process.env['CONFIRM'] = stack;
  return up({ report: reviewed, again });
}

/** Sets the image in a stack's file; puts the file back where the work fails. */
async function withImage(
  file: string,
  release: string | undefined,
  work: () => Promise<number>,
): Promise<number> {
  const before = readFileSync(file, 'utf8');
  if (release !== undefined) editStackFile(file, [[['config', 'slipway:image'], release]]);
  try {
    const code = await work();
    if (release !== undefined)
      say(`Next: commit ${basename(file)}, which names the release from now on.`);
    return code;
  } catch (error) {
    // Pulumi may have written a salt of its own meanwhile.
    if (release !== undefined)
      writeFileSync(file, before + saltOf(readFileSync(file, 'utf8'), before));
    throw error;
  }
}

function saltOf(now: string, before: string): string {
  const salt = /^encryptionsalt:.*\n?/m.exec(now)?.[0];
  return salt && !before.includes('encryptionsalt:') ? salt : '';
}

function stackFile(to: string): string {
  const file = join(root, `Pulumi.${to}.yaml`);
  if (existsSync(file)) return file;
  throw new UserFault(
    `There is no ${basename(file)}, so no stack ${to} to promote to.`,
    'docs/configuration.md says what it holds.',
  );
}

/** @returns which key of this stack's file names its image */
function imageKey(from: string): 'image' | 'imageFrom' {
  const other = stackKey('imageFrom');
  if (stackKey('build'))
    throw new UserFault(
      `Stack ${stack} builds its own image (slipway:build).`,
      `To promote to it, take that key out: \`pulumi config rm --stack ${stack} build\`.`,
    );
  if (other === undefined) return 'image';
  if (other === from) return 'imageFrom';
  throw new UserFault(
    `Stack ${stack} takes its image from ${other} (slipway:imageFrom), not from ${from}.`,
    `Promote from that, or take the key out: \`pulumi config rm --stack ${stack} imageFrom\`.`,
  );
}

/** Where a stack builds its image: what this checkout would build, and what of it is not committed. */
async function sourceOf(
  from: string,
): Promise<{ checkout: string | undefined; uncommitted: string[] }> {
  if (!stackKey('build', stackConfig('build', from) ?? false))
    return { checkout: undefined, uncommitted: [] };
  const { name } = await planBuild({ ...identity, stack: from }, new EngineApi(dockerHost()));
  const status = await tryExec('git', ['-C', root, 'status', '--porcelain', '--', ...imageSources]);
  const uncommitted = status.code === 0 ? status.stdout.split('\n').filter(Boolean) : [];
  return { checkout: name, uncommitted: uncommitted.map((line) => line.slice(3)) };
}
