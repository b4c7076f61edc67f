/** One comparison: our program and another one do the same thing. */
export interface Row {
  /** Its name in the machine-readable line. */
  key: string;
  what: string;
  ours: number[];
  theirs: number[];
  /** The other side. */
  against: string;
  unit: 's' | 'ms' | 'MB';
  /** The ratio to aim at, if there is one. */
  aim?: number;
}

/**
 * Runs both sides in turn: a slow minute of the machine then hits both. Each round, the other side
 * goes first.
 */
export async function interleave(
  rounds: number,
  ours: () => Promise<void>,
  theirs: () => Promise<void>,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 === 0 ? [ours, theirs] : [theirs, ours]) await side();
  }
}

/** Takes so many samples of both sides, in turn. */
export async function sample(
  rounds: number,
  measureOurs: () => Promise<number>,
  measureTheirs: () => Promise<number>,
): Promise<{ ours: number[]; theirs: number[] }> {
  const [ours, theirs]: [number[], number[]] = [[], []];
  await interleave(
    rounds,
    async () => void ours.push(await measureOurs()),
    async () => void theirs.push(await measureTheirs()),
  );
  return { ours, theirs };
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

function ratio(row: Row): number {
  return median(row.ours) / median(row.theirs);
}

/** The rows as a table: medians, with the least and the greatest sample in brackets. */
export function table(rows: Row[]): string {
  const head = ['what', 'ours', 'theirs', 'against', 'ratio', 'aim', ''];
  const lines = rows.map((row) => [
    row.what,
    figure(row.ours, row.unit),
    figure(row.theirs, row.unit),
    row.against,
    ratio(row).toFixed(2),
    row.aim === undefined ? '' : `≤ ${row.aim}`,
    row.aim === undefined ? '' : ratio(row) <= row.aim ? 'met' : 'MISSED',
  ]);
  const all = [head, ...lines];
  const widths = head.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  return all
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One line of JSON for a machine: the medians and their ratio, by key. */
export function machineLine(rows: Row[]): string {
  const short = (value: number): number => Number(value.toPrecision(4));
  const entries = rows.map((row) => [
    row.key,
    {
      ours: short(median(row.ours)),
      theirs: short(median(row.theirs)),
      unit: row.unit,
      ratio: short(ratio(row)),
    },
  ]);
  return `bench ${JSON.stringify(Object.fromEntries(entries))}`;
}

function figure(values: number[], unit: Row['unit']): string {
  const show = (value: number): string =>
    unit === 'ms' ? value.toFixed(0) : value.toFixed(unit === 's' ? 2 : 1);
  const least = show(Math.min(...values));
  const greatest = show(Math.max(...values));
  return `${show(median(values))} ${unit}${least === greatest ? '' : ` (${least}–${greatest})`}`;
}
