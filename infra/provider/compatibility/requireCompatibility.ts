import type {
  CompatibilityCheck,
  CompatibilityOptions,
  CompatibilityResult,
} from './compatibilityCheck.ts';
import { TaskError } from '../../tasks/taskRunner.ts';
import { shortImageId } from '../../release/shortImageId.ts';

/** How many failed checks the error names. */
const shownFailures = 5;

export interface RequireCompatibilityOptions extends CompatibilityOptions {
  /** Names of the migrations the release brings. */
  pending: string[];
  /** For the command in the error. */
  stack: string;
  onLine: (line: string, severity: 'info' | 'warning') => Promise<void>;
}

/**
 * Holds a release's migrations back until the compatibility check lets them pass: during the release
 * the deployed version runs on the new schema, so it has to work there.
 *
 * @throws Error with what to do when it does not; nothing of the stack was touched then
 */
export async function requireCompatibility(
  check: CompatibilityCheck,
  options: RequireCompatibilityOptions,
): Promise<void> {
  const { pending, stack, onLine } = options;
  const started = Date.now();
  let result: CompatibilityResult;
  try {
    result = await check.run(options);
  } catch (error) {
    if (!(error instanceof TaskError)) throw error;
    const lines = [
      `Whether the deployed version works on the new schema could not be checked: ${error.message}.`,
      ...error.tail.map((line) => `  | ${line}`),
      untouched,
    ];
    if (!options.signal.aborted)
      lines.push(`Mend that, or release without this check: ${switchOff(stack)}.`);
    throw new Error(lines.join('\n'), { cause: error });
  }
  if (result.outcome === 'unchecked') {
    await onLine(
      `the deployed version was not checked on the new schema: ${result.reason}`,
      result.severity,
    );
  } else if (result.outcome === 'passed') {
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    const who = result.deployed.map(shortImageId).join(' and ');
    await onLine(
      `the deployed version ${who} works on the new schema: it passes its ${result.checks} checks there (${seconds} s)`,
      'info',
    );
  } else if (result.outcome === 'migrationFailed') {
    throw new Error(
      [
        `The migrations task failed: ${result.reason}, on a throw-away copy of the schema.`,
        untouched,
        ...(result.tail.length > 0 ? ['Its last lines:'] : []),
        ...result.tail.map((line) => `  | ${line}`),
        `A migration that needs the rows of its database cannot run on a copy without them: ${switchOff(stack)} releases without this check.`,
      ].join('\n'),
    );
  } else {
    throw new Error(explainBroken(result, pending, stack));
  }
}

const untouched =
  'Neither the database of the stack nor a service was touched: the release before goes on serving.';

function explainBroken(
  {
    deployed,
    failures,
    checks,
    skipped,
    logged,
  }: Extract<CompatibilityResult, { outcome: 'failed' }>,
  pending: string[],
  stack: string,
): string {
  const shown = failures.slice(0, shownFailures);
  const more = failures.length - shown.length;
  return [
    `The version that is deployed now, ${shortImageId(deployed)}, does not work on the schema of this release: ${failures.length} of its ${checks} checks failed${skipped > 0 ? `, ${skipped} more could not run` : ''}.`,
    ...shown.map(({ name, expected, got }) => `  - ${name}: expected ${expected}; got ${got}`),
    ...(more > 0 ? [`  - and ${more} more`] : []),
    ...(logged.length > 0 ? ['It logged:', ...logged.map((line) => `  | ${line}`)] : []),
    `Pending: ${pending.join(', ')}. They were tried on a throw-away copy of the schema.`,
    untouched,
    'Both versions run at once during a release. Make the change in steps that the code before can live with: expand, migrate, contract (docs/migrations.md).',
    `To release it all the same, with errors until the new version serves: ${switchOff(stack)}.`,
  ].join('\n');
}

function switchOff(stack: string): string {
  return `\`pulumi config set --stack ${stack} compatibilityCheck false\``;
}
