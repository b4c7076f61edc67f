import { writeFileSync } from 'node:fs';
import { stack } from '../lib/context.ts';
import { UserFault } from '../lib/fault.ts';
import { say } from '../lib/progress.ts';
import { ensureStack } from '../pulumi/ensureStack.ts';
import { explain } from '../pulumi/explain.ts';
import { requireUnlocked } from '../pulumi/locks.ts';
import { policyFlags, policyPack } from '../pulumi/policy.ts';
import { pulumi } from '../pulumi/runPulumi.ts';
import { settleStackFile } from '../pulumi/state.ts';
import { formats } from '../report/formats.ts';
import { setUp } from '../setup/all.ts';
import { isRefused, printReport, reportedPreview, reportFormat, withPackages } from './review.ts';

/**
 * Shows what an update would change: as the engine tells it, or as REPORT, which goes to standard
 * output. PLAN names a file that keeps it for `make up PLAN=…`.
 */
export async function preview(): Promise<number> {
  const format = reportFormat();
  const plan = process.env['PLAN'] || undefined;
  if (format === undefined && plan === undefined)
    return previewWith('preview', '--diff', ...policyFlags());
  await prepare();
  const report = await withPackages(await reportedPreview());
  await printReport(report, format ?? 'text');
  if (isRefused(report)) return 1;
  if (plan !== undefined) {
    writeFileSync(plan, formats.json(report));
    say(`Next: \`make up STACK=${stack} PLAN=${plan}\` makes exactly this, or nothing.`);
  }
  return 0;
}

/** A preview with the policy pack, whether the stack is held to it or not. */
export function policy(): Promise<number> {
  return previewWith('policy', '--policy-pack', policyPack);
}

/** Previews the stack on this terminal. */
async function previewWith(verb: string, ...flags: string[]): Promise<number> {
  await prepare();
  const { code, stderr } = await pulumi('preview', '--stack', stack, ...flags);
  await settleStackFile(stack);
  // A preview with its differences is long, and a violation stands in the middle of it.
  const violations =
    flags.includes('--diff') && flags.includes(policyPack)
      ? ` \`make policy STACK=${stack}\` lists violations of the policy alone.`
      : '';
  if (code !== 0)
    throw (
      explain(stderr) ??
      new UserFault(
        'The preview failed; the reason is above.',
        `Mend it, then \`make ${verb} STACK=${stack}\` again.${violations}`,
      )
    );
  say(`Next: \`make up STACK=${stack}\` makes it so.`);
  return 0;
}

async function prepare(): Promise<void> {
  await setUp();
  requireUnlocked();
  await ensureStack();
}
