import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { MigrationError } from '../exit.ts';
import { duration } from '../files/header.ts';

/** The file beside the migrations that says how they are tried. It need not exist. */
export const settingsFile = 'trial.json';
/** Its name before: still read, with a line that says so. */
const formerFile = 'rehearsal.json';

/** How many rows a table gets where nobody says. */
const defaultRows = 10_000;
/** How long one file may take where nobody says, in milliseconds. */
const defaultTimeBudgetMs = 60_000;
const mostRows = 100_000_000;

export interface TrialSettings {
  /** Rows for tables that `tableRows` does not name and that are empty. */
  rows: number;
  /** Rows by table. 0 leaves a table empty. */
  tableRows: Map<string, number>;
  /**
   * Statements that fill a table in place of generated rows, by table. `:rows` in one stands for
   * the number of rows.
   */
  fill: Map<string, string>;
  timeBudgetMs: number;
  /** `undefined`: as long as the file's lock timeout allows. */
  maxWaitMs: number | undefined;
}

/** The settings of a trial on the command line. */
export interface TrialArguments {
  rows?: string;
  budget?: string;
  maxWait?: string;
}

const count = z.int().min(0).max(mostRows);
const time = z
  .string()
  .refine((text) => duration(text) !== undefined, 'is no time; write one such as 500ms or 30s');
const schema = z.strictObject({
  rows: z.union([count, z.record(z.string(), count)]).optional(),
  fill: z.record(z.string(), z.string()).optional(),
  timeBudget: time.optional(),
  maxWait: time.optional(),
});

/**
 * Reads `trial.json` in the migrations' folder. The command line goes over it.
 *
 * @throws {MigrationError} `usage`
 */
export function readSettings(
  folder: string,
  given: TrialArguments,
  say: (line: string) => void = () => undefined,
): TrialSettings {
  const file = readFile(folder, say);
  const fromFile = typeof file.rows === 'object' ? file.rows : { '*': file.rows };
  const rows = new Map(
    Object.entries(fromFile).flatMap(([table, n]) =>
      n === undefined ? [] : [[table, n] as const],
    ),
  );
  for (const [table, n] of parseRows(given.rows ?? '')) rows.set(table, n);
  const all = rows.get('*') ?? defaultRows;
  rows.delete('*');
  const maxWait = given.maxWait ?? file.maxWait;
  return {
    rows: all,
    tableRows: rows,
    fill: new Map(Object.entries(file.fill ?? {})),
    timeBudgetMs:
      (given.budget ?? file.timeBudget)
        ? timeOf('budget', given.budget ?? file.timeBudget)
        : defaultTimeBudgetMs,
    maxWaitMs: maxWait === undefined ? undefined : timeOf('max-wait', maxWait),
  };
}

/**
 * Reads `1000` (every table) or `messages=1000000,users=10`, or both: `1000,messages=1000000`.
 *
 * @returns rows by table; `*` stands for every other
 */
export function parseRows(text: string): Map<string, number> {
  const rows = new Map<string, number>();
  for (const part of text.split(',').map((word) => word.trim())) {
    if (part === '') continue;
    const match = /^(?:(?<table>[^=]+)=)?(?<count>\d[\d_]{0,11})$/.exec(part);
    const n = Number(match?.groups?.['count']?.replaceAll('_', '') ?? NaN);
    if (!(n <= mostRows)) {
      throw new MigrationError(
        'usage',
        `--rows ${part}: write a number up to ${mostRows}, or TABLE=NUMBER, several separated by commas: --rows 1000,messages=1000000.`,
      );
    }
    rows.set(match?.groups?.['table']?.trim() ?? '*', n);
  }
  return rows;
}

function timeOf(option: string, text = ''): number {
  const ms = duration(text);
  if (ms === undefined)
    throw new MigrationError(
      'usage',
      `--${option} ${text}: write a time such as 500ms, 30s or 5min.`,
    );
  return ms;
}

function readFile(folder: string, say: (line: string) => void): z.output<typeof schema> {
  const own = textOf(folder, settingsFile);
  const former = textOf(folder, formerFile);
  if (own !== undefined && former !== undefined)
    throw new MigrationError(
      'usage',
      `${folder} holds ${settingsFile} and ${formerFile}. Move what is in ${formerFile} to ${settingsFile}, and remove it.`,
    );
  if (former !== undefined)
    say(
      `${formerFile} is called ${settingsFile} now. Rename it: the next release no longer reads it.`,
    );
  const text = own ?? former;
  if (text === undefined) return {};
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const faults =
      error instanceof z.ZodError
        ? error.issues
            .map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`)
            .join('; ')
        : (error as Error).message;
    throw new MigrationError(
      'usage',
      `${join(folder, own === undefined ? formerFile : settingsFile)}: ${faults}. It may hold rows, fill, timeBudget and maxWait; see docs/migrations.md.`,
      { cause: error },
    );
  }
}

function textOf(folder: string, file: string): string | undefined {
  try {
    return readFileSync(join(folder, file), 'utf8');
  } catch {
    return undefined;
  }
}
