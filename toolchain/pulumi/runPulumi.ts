import { spawn, type ChildProcess } from 'node:child_process';
import { delimiter } from 'node:path';
import { createInterface } from 'node:readline';
import { emulatedBy } from '../lib/context.ts';
import { exec } from '../lib/exec.ts';
import { root } from '../lib/paths.ts';
import { isStdoutForResults } from '../lib/progress.ts';
import { emulatorEnvironment } from './emulatorGuard.ts';
import { engineFolder, enginePath } from './pulumiEngine.ts';
import { pulumiEnvironment } from './state.ts';

/** The environment of every pulumi that a verb runs. */
export function engineEnvironment(): NodeJS.ProcessEnv {
  const endpoint = emulatedBy();
  // A stack on an emulator must not find real credentials, nor talk to AWS.
  const env =
    endpoint === undefined
      ? pulumiEnvironment()
      : emulatorEnvironment(endpoint, pulumiEnvironment());
  return { ...env, PATH: `${engineFolder()}${delimiter}${env['PATH'] ?? ''}` };
}

/** Runs pulumi quietly and gives its standard output. */
export function pulumiText(...args: string[]): Promise<string> {
  return exec(enginePath(), [...args, '--non-interactive'], {
    cwd: root,
    env: engineEnvironment(),
  });
}

/**
 * Runs pulumi on this terminal. Its standard error is shown and kept; its standard output goes
 * there, too, where the verb has a result of its own.
 *
 * @returns the exit code, 130 when an interrupt has ended it
 */
export async function pulumi(...args: string[]): Promise<{ code: number; stderr: string }> {
  const child = spawn(enginePath(), args, {
    cwd: root,
    env: engineEnvironment(),
    stdio: ['inherit', isStdoutForResults() ? process.stderr : 'inherit', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    process.stderr.write(text);
  });
  const { code, interrupted } = await ended(child);
  return { code: interrupted && code !== 0 ? 130 : code, stderr };
}

/** A pulumi that runs without a person at it. */
export interface WatchedPulumi {
  /** Everything it has printed so far. */
  output(): string;
  /**
   * Ends it as a machine that runs out of memory would: neither it nor its plugins can put anything
   * in order.
   */
  kill(): void;
  /** The code is 137 after a kill, 130 after a Ctrl-C. */
  finished: Promise<{ code: number; output: string; seconds: number }>;
}

/**
 * Runs pulumi without a person at it.
 *
 * @param onLine gets each line as it comes
 * @param environment added to that of every pulumi
 */
export function watchPulumi(
  args: string[],
  onLine: (line: string) => void,
  environment: NodeJS.ProcessEnv = {},
): WatchedPulumi {
  const started = performance.now();
  const child = spawn(enginePath(), [...args, '--non-interactive', '--color', 'never'], {
    cwd: root,
    env: { ...engineEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    createInterface({ input: stream }).on('line', (line) => {
      output += `${line}\n`;
      onLine(line);
    });
  }
  const finished = ended(child).then(({ code, interrupted }) => ({
    // A person who interrupts wants no further update, even when this one has succeeded.
    code: interrupted ? 130 : code,
    output,
    seconds: (performance.now() - started) / 1000,
  }));
  return { output: () => output, kill: () => void child.kill('SIGKILL'), finished };
}

/**
 * Waits for a pulumi to end, and minds our signals meanwhile. A Ctrl-C reaches it from the terminal
 * itself: a second one would end it where it stands. A SIGTERM to us is handed on as one.
 */
async function ended(child: ChildProcess): Promise<{ code: number; interrupted: boolean }> {
  let interrupted = false;
  const wait = (): void => void (interrupted = true);
  const interrupt = (): void => void ((interrupted = true), child.kill('SIGINT'));
  process.on('SIGINT', wait).on('SIGTERM', interrupt);
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 130)));
    });
    return { code, interrupted };
  } finally {
    process.off('SIGINT', wait).off('SIGTERM', interrupt);
  }
}
