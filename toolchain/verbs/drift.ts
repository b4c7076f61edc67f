import { extraArgs, stack } from '../lib/context.ts';
import { UserFault } from '../lib/fault.ts';
import { say } from '../lib/progress.ts';
import { explain } from '../pulumi/explain.ts';
import { requireUnlocked } from '../pulumi/locks.ts';
import { recordedRun } from '../pulumi/recordedRun.ts';
import { settleStackFile } from '../pulumi/state.ts';
import { stateResources } from '../pulumi/stackState.ts';
import { drift as driftIn } from '../report/changes.ts';
import { createReport } from '../report/report.ts';
import { setUp } from '../setup/all.ts';
import { noSuchStack } from './promotable.ts';
import { printReport, reportFormat } from './review.ts';
import { ensureOwnEmulator } from './up.ts';

/**
 * Asks the platform for every resource, and reports what differs from the state: what somebody
 * changed or removed behind Pulumi's back. Changes neither the state nor the resources. ARGS go to
 * `pulumi refresh`.
 */
export async function drift(): Promise<number> {
  const format = reportFormat() ?? 'text';
  await setUp();
  requireUnlocked();
  if (!(await stateResources())) throw noSuchStack(stack);
  await ensureOwnEmulator();
  say(`Looking at what stack ${stack} has …`);
  const { code, output, events } = await recordedRun(
    'refresh',
    ...['--preview-only', '--stack', stack],
    ...extraArgs(),
  );
  await settleStackFile(stack);
  if (code !== 0)
    throw (
      explain(output) ??
      new UserFault(
        `The resources of stack ${stack} could not be read:\n${output.trim().slice(-2000)}`,
        `Mend it, then \`make drift STACK=${stack}\` again.`,
      )
    );
  const report = createReport({ stack, changes: driftIn(events), events, region: undefined });
  // What people notice has happened already.
  const effects = { loses: [], interrupts: [] };
  await printReport({ ...report, effects, headline: headline(report.changes) }, format);
  if (report.changes.length === 0) return 0;
  say(
    `Next: \`pulumi refresh --stack ${stack}\` takes it into the state; \`make up STACK=${stack}\` puts back what the program says.`,
  );
  return 1;
}

function headline(changes: { operation: string }[]): string {
  const gone = changes.filter(({ operation }) => operation === 'delete').length;
  const parts = [
    gone > 0 && `${gone} gone`,
    changes.length > gone && `${changes.length - gone} changed by hand`,
  ].filter(Boolean);
  return parts.length > 0 ? `drift: ${parts.join(', ')}` : 'no drift';
}
