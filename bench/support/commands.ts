import { spawn, type ChildProcess } from 'node:child_process';

export interface CommandOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
}

export interface Finished {
  stdout: string;
  /** From just before the start until the process has ended. */
  milliseconds: number;
}

const running = new Set<ChildProcess>();
let interrupted: NodeJS.Signals | undefined;

/**
 * Lets Ctrl-C and SIGTERM end the running command and not this process, which then cleans up. The
 * terminal sends Ctrl-C to the command too. SIGTERM reaches only this process, so it is passed on.
 */
export function endCommandsOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      interrupted = signal;
      if (signal === 'SIGTERM') running.forEach((child) => child.kill('SIGINT'));
    });
  }
}

/** The signal that has asked this process to end, if any. */
export function interruption(): NodeJS.Signals | undefined {
  return interrupted;
}

/** @throws when a signal has asked for the end */
export function stopIfInterrupted(): void {
  if (interrupted) throw new Error(`stopped by ${interrupted}`);
}

/**
 * Runs a command to its end and times it.
 *
 * @throws with its last lines when it fails, or when a signal has asked for the end
 */
export async function run(
  [program = '', ...args]: string[],
  options: CommandOptions = {},
): Promise<Finished> {
  stopIfInterrupted();
  const started = performance.now();
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let stdout = '';
  let output = '';
  child.stdout
    .setEncoding('utf8')
    .on('data', (text: string) => ((stdout += text), (output += text)));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  let milliseconds = 0;
  child.on('exit', () => (milliseconds = performance.now() - started));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  }).finally(() => running.delete(child));
  stopIfInterrupted();
  if (code === 0) return { stdout, milliseconds };
  const shown = [program.split('/').at(-1), ...args].join(' ').slice(0, 120);
  throw new Error(
    `\`${shown}\` ended with ${code ?? 'a signal'}:\n${output.trimEnd().split('\n').slice(-30).join('\n')}`,
  );
}
