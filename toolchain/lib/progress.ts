import { faultText } from './fault.ts';

/** Seconds with one decimal, as printed behind a step. */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

let stream: NodeJS.WriteStream = process.stdout;

/** From now on only a verb's result goes to standard output: a program reads it. */
export function keepStdoutForResults(): void {
  stream = process.stderr;
}

/** Whether standard output is for a verb's result alone. */
export const isStdoutForResults = (): boolean => stream === process.stderr;

export function say(line: string): void {
  stream.write(`${line}\n`);
}

/** The result of a setup step. */
export interface StepResult {
  /** One line: what is there now, and which way it came. */
  found: string;
  /** Whether work was done (then its time is printed). */
  worked: boolean;
}

/** Runs one setup step, and says in one line what it found or did and how long it took. */
export async function step(
  name: string,
  work: (note: (line: string) => void) => Promise<StepResult>,
): Promise<void> {
  const start = performance.now();
  const note = (line: string): void => say(`  … ${name}: ${line}`);
  try {
    const { found, worked } = await work(note);
    say(`  ✓ ${name}: ${found}${worked ? ` (${seconds(performance.now() - start)})` : ''}`);
  } catch (error) {
    // At once: other steps may have minutes to go.
    say(`  ✗ ${name}: failed after ${seconds(performance.now() - start)}: ${faultText(error)}`);
    throw error;
  }
}
