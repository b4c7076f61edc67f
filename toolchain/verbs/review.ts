import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { awsRegion, emulatedBy, isDockerStack, stack } from '../lib/context.ts';
import { UserFault } from '../lib/fault.ts';
import { say } from '../lib/progress.ts';
import { ensureStack } from '../pulumi/ensureStack.ts';
import { explain } from '../pulumi/explain.ts';
import { requireUnlocked } from '../pulumi/locks.ts';
import { policyFlags } from '../pulumi/policy.ts';
import { recordedRun } from '../pulumi/recordedRun.ts';
import { settleStackFile } from '../pulumi/state.ts';
import { resourceChanges } from '../report/changes.ts';
import { formats, isFormat, type Format } from '../report/formats.ts';
import { createReport, type Report } from '../report/report.ts';
import { differences } from '../report/sameChanges.ts';
import { setUp } from '../setup/all.ts';

/** What REPORT asks for. */
export function reportFormat(): Format | undefined {
  const format = process.env['REPORT'] || undefined;
  if (format === undefined || isFormat(format)) return format;
  throw new UserFault(
    `REPORT=${format} is no form of a report.`,
    `Use one of ${Object.keys(formats).join(', ')}, such as REPORT=md.`,
  );
}

export async function printReport(report: Report, format: Format): Promise<void> {
  process.stdout.write(await formats[format](report));
}

/** Whether an update like this may not happen. */
export const isRefused = ({ faults, policy }: Report): boolean =>
  faults.length > 0 || policy.some(({ level }) => level === 'mandatory');

/** What was reviewed. Secrets in the engine's plan are encrypted as those in the stack's state. */
interface Plan {
  report: Report;
  /** What `pulumi preview --save-plan` wrote; absent where the preview failed. */
  enginePlan: unknown;
}

/** Previews the stack, and reports what it would change. A preview that fails has a report, too. */
export async function reportedPreview(): Promise<Plan> {
  await setUp();
  requireUnlocked();
  await ensureStack();
  say(`Previewing stack ${stack} …`);
  const file = temporaryFile();
  const { code, output, events } = await recordedRun(
    'preview',
    '--stack',
    stack,
    '--save-plan',
    file,
    ...policyFlags(),
  );
  await settleStackFile(stack);
  const known = code === 0 ? undefined : explain(output);
  if (known) throw known;
  const changes = resourceChanges(events);
  const report = createReport({ stack, changes, events, region: billedRegion() });
  if (code !== 0 && !isRefused(report)) report.faults.push(output.trim().slice(-2000));
  const plan: unknown = code === 0 ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  return { report, enginePlan: plan };
}

/** In a folder of its own that goes with this process. */
function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-plan-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'plan.json');
}

/**
 * Previews the stack, and shows the report to whoever is to agree to it.
 *
 * @param again the command to type when the reason of a failure is mended
 * @returns the flags that hold an update to what was shown
 */
export async function review(again: string): Promise<string[]> {
  const format = reportFormat() ?? 'text';
  const { report, enginePlan } = await reportedPreview();
  await printReport(report, format);
  if (isRefused(report))
    throw new UserFault(
      'The preview failed; the reason is above.',
      `Mend it, then \`${again}\` again.`,
    );
  return planFlags(enginePlan);
}

/** Writes what `make up PLAN=file` holds an update to. */
export function keepPlan(file: string, plan: Plan): void {
  writeFileSync(file, JSON.stringify(plan), { mode: 0o600 });
}

function planFlags(enginePlan: unknown): string[] {
  const file = temporaryFile();
  writeFileSync(file, JSON.stringify(enginePlan), { mode: 0o600 });
  return ['--plan', file];
}

/** The region whose prices hold; undefined where nobody sends a bill. */
function billedRegion(): string | undefined {
  if (isDockerStack() || emulatedBy() !== undefined) return undefined;
  return awsRegion();
}

/**
 * Refuses an update that would do something else than what was reviewed.
 *
 * @param file what `make preview PLAN=file` wrote
 * @returns the flags that hold the engine to it, too
 */
export async function reviewedFlags(file: string): Promise<string[]> {
  const { report: reviewed, enginePlan } = readPlan(file);
  if (reviewed.stack !== stack)
    throw new UserFault(
      `${file} is a plan for stack ${reviewed.stack}, not for ${stack}.`,
      `Make one: \`make preview STACK=${stack} PLAN=${file}\`.`,
    );
  const { report: now } = await reportedPreview();
  if (isRefused(now))
    throw new UserFault(formats.text(now).trim(), 'Mend it, then have it reviewed again.');
  if (now.hash !== reviewed.hash)
    throw new UserFault(
      [
        `What would change now is not what was reviewed in ${file}; nothing was done:`,
        ...differences(reviewed, now).map((line) => `  - ${line}`),
      ].join('\n'),
      `Have it reviewed again: \`make preview STACK=${stack} PLAN=${file}\`.`,
    );
  say(`  ✓ as reviewed: ${now.headline} (${now.hash.slice(0, 16)})`);
  return planFlags(enginePlan);
}

function readPlan(file: string): Plan {
  try {
    const plan = JSON.parse(readFileSync(file, 'utf8')) as Partial<Plan>;
    if (typeof plan.report?.hash !== 'string' || !plan.enginePlan) throw new Error('no plan');
    return plan as Plan;
  } catch (error) {
    throw new UserFault(
      `${file} is not a plan that can be read.`,
      `Make one: \`make preview STACK=${stack} PLAN=${file}\`.`,
      { cause: error },
    );
  }
}
