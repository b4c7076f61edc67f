import { readFileSync } from 'node:fs';
import { dockerHost } from '../../infra/docker-engine/host.ts';
import { imageSbom } from '../../infra/docker-engine/imageSbom.ts';
import { awsRegion, emulatedBy, isDockerStack, stack } from '../lib/context.ts';
import { messageOf, UserFault } from '../lib/fault.ts';
import { say } from '../lib/progress.ts';
import { explain } from '../pulumi/explain.ts';
import { policyFlags } from '../pulumi/policy.ts';
import { recordedRun } from '../pulumi/recordedRun.ts';
import { settleStackFile } from '../pulumi/state.ts';
import { resourceChanges } from '../report/changes.ts';
import { formats, isFormat, type Format } from '../report/formats.ts';
import { packageChanges, type PackageChange } from '../report/packages.ts';
import { createReport, hashOf, type Report } from '../report/report.ts';
import { differences } from '../report/sameChanges.ts';

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

/**
 * Previews a stack that is there, and reports what it would change. A preview that fails has a
 * report, too.
 */
export async function reportedPreview(): Promise<Report> {
  say(`Previewing stack ${stack} …`);
  const { code, output, events } = await recordedRun('preview', '--stack', stack, ...policyFlags());
  await settleStackFile(stack);
  const known = code === 0 ? undefined : explain(output);
  if (known) throw known;
  const changes = resourceChanges(events);
  const report = createReport({ stack, changes, events, region: billedRegion() });
  if (code !== 0 && !isRefused(report)) report.faults.push(output.trim().slice(-2000));
  return report;
}

/** The report with the packages that differ; they are for people, and no part of its hash. */
export async function withPackages(report: Report): Promise<Report> {
  const { from, to } = report.effects.releases ?? {};
  const packages = from && to ? await changedPackages(from, to) : undefined;
  return { ...report, ...(packages && { packages }) };
}

/** Undefined where one of the images is not on the engine, or lists none. */
async function changedPackages(from: string, to: string): Promise<PackageChange[] | undefined> {
  const host = dockerHost();
  try {
    const [before, after] = await Promise.all([imageSbom(host, from), imageSbom(host, to)]);
    return before && after ? packageChanges(before, after) : undefined;
  } catch {
    // A report without them is worth more than none.
    return undefined;
  }
}

/**
 * Previews the stack, and shows the report to whoever is to agree to it.
 *
 * @param again the command to type when the reason of a failure is mended
 */
export async function review(again: string): Promise<Report> {
  const format = reportFormat() ?? 'text';
  const report = await withPackages(await reportedPreview());
  await printReport(report, format);
  if (!isRefused(report)) return report;
  throw new UserFault(
    'The preview failed; the reason is above.',
    `Mend it, then \`${again}\` again.`,
  );
}

/** The region whose prices hold; undefined where nobody sends a bill. */
function billedRegion(): string | undefined {
  if (isDockerStack() || emulatedBy() !== undefined) return undefined;
  return awsRegion();
}

/**
 * Previews once more, and refuses an update that would do something else than what was reviewed.
 *
 * @param again the command that has it reviewed again
 */
export async function requireReviewed(reviewed: Report, again: string): Promise<void> {
  const now = await reportedPreview();
  if (isRefused(now))
    throw new UserFault(formats.text(now).trim(), 'Mend it, then have it reviewed again.');
  if (now.hash !== reviewed.hash)
    throw new UserFault(
      [
        'What would change now is not what was reviewed; nothing was done:',
        ...differences(reviewed, now).map((line) => `  - ${line}`),
      ].join('\n'),
      `Have it reviewed again: \`${again}\`.`,
    );
  say(`  ✓ as reviewed: ${now.headline} (${now.hash.slice(0, 16)})`);
}

/**
 * What was reviewed, for this stack.
 *
 * @param file what `make preview PLAN=file` wrote
 */
export function readPlan(file: string): Report {
  const again = `Make one: \`make preview STACK=${stack} PLAN=${file}\`.`;
  let plan: Report;
  try {
    plan = JSON.parse(readFileSync(file, 'utf8')) as Report;
    if (plan.hash !== hashOf(plan)) throw new Error('its hash is another');
  } catch (error) {
    throw new UserFault(
      `${file} is not a plan that can be read, or was changed: ${messageOf(error)}.`,
      again,
      { cause: error },
    );
  }
  if (plan.stack === stack) return plan;
  throw new UserFault(`${file} is a plan for stack ${plan.stack}, not for ${stack}.`, again);
}
