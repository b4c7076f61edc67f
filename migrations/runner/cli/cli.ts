import { baseline, repair } from '../run/adopt.ts';
import { parseArguments, type Arguments } from './arguments.ts';
import { createMigration, renumber } from '../files/author.ts';
import { exitCodes, MigrationError } from '../exit.ts';
import { readMigrations } from '../files/files.ts';
import { helpText } from './help.ts';
import type { MigrationState } from '../run/inspect.ts';
import type { Finding } from '../lint/finding.ts';
import type { TrialOptions } from '../trial/fileTrial.ts';
import { migrateDown, migrateRedo, migrateUp, revertAll } from '../run/runner.ts';

type Settings = Omit<TrialOptions, 'say' | 'signal' | 'folder' | 'forced'>;

/** The answer of a verb: lines for a person, one JSON document for a program. */
interface Answer {
  json: unknown;
  lines: string[];
  exitCode?: number;
}

/**
 * The command line of the runner.
 *
 * @param args what follows `migrate`, such as `['up', '--to', '0002_models']`
 * @param folder where the SQL files are, unless the command line says so
 * @param readSettings reads the environment; called by verbs that need a database only
 * @returns the exit code of the process
 * @throws what `readSettings` throws for faults in the environment
 */
export async function migrateCommand(
  args: string[],
  folder: string,
  readSettings: () => Settings,
): Promise<number> {
  // The reader of our output may be gone. That is no reason to stop a migration.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  // Read before the other arguments: a fault in those is told in JSON as well.
  const json = args.includes('--json');
  const write = (line: string): void => void process.stdout.write(`${line}\n`);
  const say = json ? (line: string): void => void process.stderr.write(`${line}\n`) : write;
  try {
    const given = parseArguments(args);
    if (given.formerVerb)
      say(
        `\`migrate ${given.formerVerb}\` is called \`migrate ${given.verb ?? ''}\` now. The old name goes away with the next release.`,
      );
    if (!given.verb || given.help) {
      write(helpText(given.verb));
      return exitCodes.ok;
    }
    const from = given.folder ?? folder;
    const answer =
      (await onFiles(given, from)) ??
      (await onDatabase(given, {
        ...readSettings(),
        ...(given.lockWaitMs !== undefined && { lockWaitMs: given.lockWaitMs }),
        folder: from,
        forced: given.forced,
        say,
        signal: stopSignal(),
      }));
    if (json) write(JSON.stringify(answer.json));
    else answer.lines.forEach(write);
    return answer.exitCode ?? exitCodes.ok;
  } catch (error) {
    if (error instanceof Error && error.name === 'ConfigError') throw error;
    const fault = error instanceof MigrationError ? error : undefined;
    const exitCode = fault?.exitCode ?? exitCodes.failedSql;
    const message =
      fault?.message ?? (error instanceof Error ? (error.stack ?? error.message) : String(error));
    if (json)
      write(JSON.stringify({ error: { reason: fault?.reason ?? 'failedSql', exitCode, message } }));
    process.stderr.write(`migrate: ${message}\n`);
    return exitCode;
  }
}

/** The verbs that need no database. */
async function onFiles({ verb, name }: Arguments, folder: string): Promise<Answer | undefined> {
  switch (verb) {
    case 'create': {
      const files = createMigration(folder, name ?? '');
      return {
        json: { created: files },
        lines: [...files.map((file) => `made ${file}`), 'Next: write the SQL.'],
      };
    }
    case 'renumber': {
      const renamed = renumber(folder, name);
      return { json: { from: name, to: renamed }, lines: [`${name ?? ''} is now ${renamed}`] };
    }
    case 'lint':
      return lint(folder);
    default:
      return undefined;
  }
}

async function onDatabase(given: Arguments, options: TrialOptions): Promise<Answer> {
  switch (given.verb) {
    case 'up':
      return counted('applied', await migrateUp(options, given.extent));
    case 'down':
      return counted('reverted', await migrateDown(options, given.all ? 'all' : given.extent));
    case 'redo':
      return counted('redone', await migrateRedo(options, given.extent));
    case 'revert-all':
      return counted('reverted', await revertAll(options));
    case 'status': {
      const { migrationStatus } = await inspections();
      const states = await migrationStatus(options);
      return { json: states, lines: statusLines(states) };
    }
    case 'verify': {
      const { verifyMigrations } = await inspections();
      const found = await verifyMigrations(options);
      const ahead = found.ahead.length > 0 ? `, ${found.ahead.length} of a newer image` : '';
      return {
        json: found,
        lines: [`as applied: ${found.applied}${ahead}; pending: ${found.pending.length}`],
      };
    }
    case 'plan': {
      const { planLines, planMigrations } = await inspections();
      const plan = await planMigrations(options);
      const { refused } = plan;
      const exitCode = refused?.exitCode ?? exitCodes.ok;
      const json = {
        ...plan,
        refused: refused ? { reason: refused.reason, exitCode, message: refused.message } : null,
      };
      return { json, lines: planLines(plan), exitCode };
    }
    case 'trial':
      return trial(given, options);
    case 'baseline': {
      const names = await baseline(options, given.to);
      return { json: { baseline: names }, lines: names.map((name) => `${name} counts as applied`) };
    }
    case 'repair': {
      const accepted = await repair(options, given.name ?? '', given.reason);
      const now =
        accepted === 'missing' ? 'counts as never applied' : 'counts as applied as it is now';
      return {
        json: { repaired: given.name, accepted },
        lines: [`${given.name ?? ''} ${now}; the reason is kept`],
      };
    }
    default:
      throw new Error(`The verb ${given.verb ?? ''} is not dispatched.`);
  }
}

async function trial(given: Arguments, options: TrialOptions): Promise<Answer> {
  const [{ runTrial }, { notRestored, overBudget, reportLines }, { readSettings }] =
    await Promise.all([
      import('../trial/trial.ts'),
      import('../trial/report.ts'),
      import('../trial/settings.ts'),
    ]);
  const settings = readSettings(options.folder, given.trial, options.say);
  const report = await runTrial(options, settings, given.from);
  const over = report.files.flatMap(overBudget);
  const unrestored = notRestored(report.files).map(({ name }) => name);
  const reason = unrestored.length > 0 ? 'notRestored' : over.length > 0 ? 'overBudget' : 'ok';
  const json = { ...report, overBudget: over, notRestored: unrestored };
  return { json, lines: reportLines(report), exitCode: exitCodes[reason] };
}

function counted(what: string, names: string[]): Answer {
  return { json: { [what]: names }, lines: names.length > 0 ? [`${names.length} ${what}`] : [] };
}

function statusLines(states: MigrationState[]): string[] {
  if (states.length === 0) return ['no migrations'];
  const width = Math.max(...states.map(({ name }) => name.length));
  const lines = states.map(({ name, state, phase, reversible, applied, downEdited }) => {
    const when = applied
      ? `${applied.appliedAt.toISOString()}  ${applied.durationMs} ms  release ${applied.release}${downEdited ? '  (its down file was edited since)' : ''}`
      : '';
    const kind = `${phase ?? '-'}${reversible ? '' : ', irreversible'}`;
    return `${name.padEnd(width)}  ${state.padEnd(8)}  ${kind.padEnd(8)}  ${when}`.trimEnd();
  });
  const pending = states.filter(({ state }) => state === 'pending').length;
  return [...lines, `${states.length - pending} applied, ${pending} pending`];
}

// A release runs `up`. Other verbs load their own modules, because loading them costs more than `up`
// with nothing to do.
const inspections = () => import('../run/inspect.ts');

async function lint(folder: string): Promise<Answer> {
  const { findingLine, lintMigrations, unreadable } = await import('../lint/lint.ts');
  let findings: Finding[];
  // The reason why squawk did not run. It does not look at files that cannot be read.
  let skipped = 'the files cannot be read';
  try {
    ({ findings, skipped } = await lintMigrations(folder, readMigrations(folder)));
  } catch (error) {
    if (!(error instanceof MigrationError) || error.reason === 'usage') throw error;
    findings = [unreadable(error)];
  }
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const closing = `${errors} ${errors === 1 ? 'error' : 'errors'}, ${findings.length - errors} warnings`;
  return {
    json: { findings, squawk: skipped === '' },
    lines: [
      ...findings.map(findingLine),
      skipped ? `${closing} (by our own rules only: ${skipped})` : closing,
    ],
    exitCode: errors > 0 ? exitCodes.lint : exitCodes.ok,
  };
}

/** Aborts on SIGTERM and SIGINT: the file in hand is rolled back. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const [signal, reason] of [
    ['SIGTERM', 'terminated'],
    ['SIGINT', 'interrupted'],
  ] as const) {
    process.on(signal, () => {
      // The second signal means now. The server rolls back when the connection breaks.
      if (stop.signal.aborted) process.exit(exitCodes[reason]);
      stop.abort(new MigrationError(reason, `cancelled by ${signal}, nothing half-applied`));
    });
  }
  return stop.signal;
}
