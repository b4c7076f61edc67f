import type { Phase } from '../files/header.ts';
import { lockModes } from '../sql/lockModes.ts';
import type { HeldLock } from './lockWatch.ts';
import type { Wait, Waits } from './probes.ts';

/** The effect of one run of one file on others. */
export interface Measured extends Waits {
  /** As the history notes it, in milliseconds. */
  durationMs: number;
  locks: HeldLock[];
  /**
   * Whether the locks were all still held when they were looked at: outside a transaction a short
   * one can be missed.
   */
  allLocks: boolean;
}

export interface Budget {
  timeMs: number;
  maxWaitMs: number;
}

export interface FileReport {
  name: string;
  phase: Phase | null;
  budget: Budget;
  up: Measured;
  /** `null`: left out of the way down and up again. */
  down: Measured | null;
  /** Why it is left out. */
  leftOut: string | null;
  /** The differences in pg_dump between before `up` and after `down`; empty when there are none. */
  differsAfterDown: string[];
  /** The differences between the first `up` and `up`, `down`, `up`. */
  differsAfterUp: string[];
}

export interface TrialReport {
  /** The rows of each table that was filled. */
  rows: Record<string, number>;
  files: FileReport[];
}

/**
 * How far a file is over its budget, a sentence each; empty when it keeps to it. Only `up`
 * has a budget.
 */
export function overBudget({
  name,
  budget,
  up,
}: Pick<FileReport, 'name' | 'budget' | 'up'>): string[] {
  const faults: string[] = [];
  if (up.durationMs > budget.timeMs)
    faults.push(`${name} took ${span(up.durationMs)}; its time_budget is ${span(budget.timeMs)}`);
  for (const [who, wait] of [
    ['reader', up.reader],
    ['writer', up.writer],
  ] as const) {
    if (wait && wait.ms > budget.maxWaitMs)
      faults.push(
        `${name} kept a ${who} of ${wait.on} waiting for ${span(wait.ms)}; its max_wait is ${span(budget.maxWaitMs)}`,
      );
  }
  return faults;
}

/**
 * The files whose down file does not bring back the schema, or whose up file does not make the same
 * one again.
 */
export function notRestored(files: FileReport[]): FileReport[] {
  return files.filter(
    ({ differsAfterDown, differsAfterUp }) =>
      differsAfterDown.length > 0 || differsAfterUp.length > 0,
  );
}

/** The report for a person to read. */
export function reportLines({ files, rows }: TrialReport): string[] {
  if (files.length === 0) return ['nothing to try: no migration is pending'];
  const filled = Object.entries(rows).map(([table, n]) => `${table} ${n}`);
  const over = files.flatMap(overBudget);
  const broken = notRestored(files);
  return [
    '',
    `rows: ${filled.join(', ') || 'none'}`,
    '',
    ...tableOf(files),
    '',
    ...files.flatMap(lockLines),
    ...files.flatMap(({ name, leftOut }) =>
      leftOut ? [`${name}: left out of the way down and up again: ${leftOut}`] : [],
    ),
    // A statement that fails while a file goes up would fail in the code that serves meanwhile. While
    // the file goes down, its new code is gone.
    ...files.flatMap(({ name, up }) => up.errors.map((error) => `${name}: meanwhile a ${error}`)),
    ...broken.flatMap(differenceLines),
    ...over.map((fault) => `over budget: ${fault}`),
    closing(files, over.length > 0, broken.length),
  ];
}

function closing(files: FileReport[], over: boolean, broken: number): string {
  const ran = `${files.length} tried`;
  if (!over && broken === 0) return `${ran}: within budget; down and up again give the same schema`;
  return `${ran}: ${[over && 'over budget', broken > 0 && `${broken} not restored`].filter(Boolean).join(', ')}`;
}

function tableOf(files: FileReport[]): string[] {
  const rows = files.flatMap(({ name, budget, up, down, ...rest }) => [
    cells(name, 'up', up, budget, overBudget({ name, budget, up }).length > 0 ? 'over' : 'ok'),
    ...(down
      ? [
          cells(
            '',
            'down',
            down,
            undefined,
            notRestored([{ name, budget, up, down, ...rest }]).length > 0 ? 'not restored' : 'ok',
          ),
        ]
      : []),
  ]);
  return alignColumns([
    ['FILE', 'STEP', 'TIME', 'BUDGET', 'READER WAITED', 'WRITER WAITED', 'MAX WAIT', ''],
    ...rows,
  ]);
}

function cells(
  name: string,
  step: string,
  run: Measured,
  budget: Budget | undefined,
  verdict: string,
): string[] {
  const spans = budget ? [span(budget.timeMs), span(budget.maxWaitMs)] : ['-', '-'];
  return [
    name,
    step,
    span(run.durationMs),
    spans[0] ?? '',
    waited(run.reader),
    waited(run.writer),
    spans[1] ?? '',
    verdict,
  ];
}

const waited = (wait: Wait | null): string => (wait ? `${span(wait.ms)} (${wait.on})` : '-');

/** Such as `4.2 ms`, `830 ms` or `12.5 s`. */
export function span(ms: number): string {
  if (ms < 10) return `${Math.round(ms * 10) / 10} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return `${Math.round(ms / 100) / 10} s`;
}

/** Columns as wide as their widest cell. */
function alignColumns(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function lockLines({ name, up, down }: FileReport): string[] {
  const of = (step: string, { locks, allLocks }: Measured): string[] => {
    const nothing = allLocks
      ? 'locks nothing that was there before'
      : 'was not seen to lock anything (no-transaction: short locks can go unseen)';
    if (locks.length === 0) return [`${name} ${step} ${nothing}`];
    return [
      `${name} ${step} locks`,
      ...locks.map(({ mode, on }) => `  → ${mode} on ${on}: keeps out ${lockModes[mode]}`),
    ];
  };
  return [...of('up', up), ...(down ? of('down', down) : []), ''];
}

function differenceLines({ name, differsAfterDown, differsAfterUp }: FileReport): string[] {
  const show = (what: string, lines: string[]): string[] =>
    lines.length === 0 ? [] : [what, ...lines.map((line) => `  ${line}`), ''];
  return [
    ...show(
      `${name}: the down file does not bring back the schema (- before up, + after down):`,
      differsAfterDown,
    ),
    ...show(
      `${name}: up after down does not make the same schema (- first up, + second up):`,
      differsAfterUp,
    ),
  ];
}
