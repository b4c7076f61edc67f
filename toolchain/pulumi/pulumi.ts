import { spawn } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { engineFolder, enginePath } from './pulumiEngine.ts';
import { pulumiEnvironment, usesOwnBackend } from './state.ts';
import { emulatorEnvironment } from '../rehearsal/emulator/guard.ts';
import { emulatedBy, project, stack } from '../lib/context.ts';
import { exec, type ExecResult } from '../lib/exec.ts';
import { UserFault } from '../lib/fault.ts';
import { privateDir, root } from '../lib/paths.ts';
import { say } from '../lib/progress.ts';

const stateFolder = join(privateDir, 'state', '.pulumi');

function environment(): NodeJS.ProcessEnv {
  const endpoint = emulatedBy();
  // A stack on an emulator must not find real credentials, nor talk to AWS.
  const env =
    endpoint === undefined
      ? pulumiEnvironment()
      : emulatorEnvironment(endpoint, pulumiEnvironment());
  return { ...env, PATH: `${engineFolder()}${delimiter}${env['PATH'] ?? ''}` };
}

/** Runs pulumi quietly and gives what it printed. */
export function pulumiText(...args: string[]): Promise<string> {
  return exec(enginePath(), [...args, '--non-interactive'], { cwd: root, env: environment() });
}

/**
 * Runs pulumi on this terminal. Ctrl-C reaches it once, from the terminal itself, and is waited
 * for; a SIGTERM to us is handed on as the same. Its standard error is shown and kept.
 */
export function pulumi(...args: string[]): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(enginePath(), args, {
      cwd: root,
      env: environment(),
      stdio: ['inherit', 'inherit', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      process.stderr.write(text);
    });
    let interrupted = false;
    const wait = (): void => void (interrupted = true);
    const interrupt = (): void => void ((interrupted = true), child.kill('SIGINT'));
    process.on('SIGINT', wait).on('SIGTERM', interrupt);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      process.off('SIGINT', wait).off('SIGTERM', interrupt);
      resolve({
        code: interrupted && code !== 0 ? 130 : (code ?? (signal === 'SIGINT' ? 130 : 137)),
        stdout: '',
        stderr,
      });
    });
  });
}

/** A pulumi that runs for itself, with what it has printed so far. */
export interface WatchedPulumi {
  output(): string;
  /**
   * As a machine that runs out of memory might: neither it nor its plugins can put anything in
   * order.
   */
  kill(): void;
  /** The code is 137 after a kill, 130 after a Ctrl-C. */
  finished: Promise<{ code: number; output: string; seconds: number }>;
}

/**
 * Runs pulumi without a person at it.
 *
 * @param onLine gets each line as it comes
 */
export function watchPulumi(args: string[], onLine: (line: string) => void): WatchedPulumi {
  const started = performance.now();
  const child = spawn(enginePath(), [...args, '--non-interactive', '--color', 'never'], {
    cwd: root,
    env: environment(),
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
  let interrupted = false;
  // A Ctrl-C reaches the engine by itself, from the terminal: a second one would end it where it
  // stands.
  const wait = (): void => void (interrupted = true);
  const stop = (): void => void ((interrupted = true), child.kill('SIGINT'));
  process.on('SIGINT', wait).on('SIGTERM', stop);
  const finished = new Promise<{ code: number; output: string; seconds: number }>(
    (resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => {
        process.off('SIGINT', wait).off('SIGTERM', stop);
        const seconds = (performance.now() - started) / 1000;
        resolve({
          code: interrupted ? 130 : (code ?? (signal === 'SIGKILL' ? 137 : 130)),
          output,
          seconds,
        });
      });
    },
  );
  return { output: () => output, kill: () => void child.kill('SIGKILL'), finished };
}

/** A resource as the state holds it. */
export interface StateResource {
  type: string;
  urn?: string;
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

/** The resources of this stack's state; undefined when there is no such stack. */
export async function stateResources(): Promise<StateResource[] | undefined> {
  type Checkpoint = { resources?: StateResource[] };
  if (usesOwnBackend()) {
    const [file] = globSync(join(stateFolder, 'stacks', project, `${stack}.json`));
    if (file === undefined) return undefined;
    return (
      (JSON.parse(readFileSync(file, 'utf8')) as { checkpoint?: { latest?: Checkpoint } })
        .checkpoint?.latest?.resources ?? []
    );
  }
  const stacks = JSON.parse(await pulumiText('stack', 'ls', '--json')) as { name: string }[];
  if (!stacks.some(({ name }) => name.split('/').at(-1) === stack)) return undefined;
  const exported = JSON.parse(await pulumiText('stack', 'export', '--stack', stack)) as {
    deployment: Checkpoint;
  };
  return exported.deployment.resources ?? [];
}

export async function stackOutputs(): Promise<Record<string, unknown>> {
  return JSON.parse(
    await pulumiText('stack', 'output', '--stack', stack, '--json', '--show-secrets'),
  ) as Record<string, unknown>;
}

/** A lock that a run holds, or has left behind. */
export interface Lock {
  pid: number;
  host: string;
  since: string;
  /** Whether the process that holds it still runs; undefined when it is on another machine. */
  alive: boolean | undefined;
}

export function locks(): Lock[] {
  if (!usesOwnBackend()) return [];
  return globSync(join(stateFolder, 'locks', '*', project, stack, '*.json')).map((file) => {
    const held = JSON.parse(readFileSync(file, 'utf8')) as {
      pid: number;
      hostname: string;
      timestamp: string;
    };
    const here = held.hostname === hostname();
    return {
      pid: held.pid,
      host: held.hostname,
      since: held.timestamp,
      alive: here ? isPulumi(held.pid) : undefined,
    };
  });
}

function isPulumi(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    // A number is given out again, so the process must be a pulumi to count; and a dead one that
    // nobody has waited for (state Z) still answers signals.
    const [, name, state] = /\((.*)\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return name?.includes('pulumi') === true && state !== 'Z';
  } catch {
    return true;
  }
}

/**
 * Clears what a killed run has left: the lock of a process of this machine that is gone for
 * certain. Its plugins end by themselves, and a migration that it had started is found and taken
 * up.
 */
export async function clearDeadLock(): Promise<void> {
  const held = locks();
  if (held.length === 0 || !held.every(({ alive }) => alive === false)) return;
  say(
    `  … stack ${stack}: clearing the lock of process ${held[0]?.pid}, which was killed; going on from where it stood`,
  );
  await pulumiText('cancel', '--yes', '--stack', stack);
}

/**
 * Forgets a stack, if there is one, whose resources are gone with the emulator that held them in
 * its memory.
 */
export async function forgetStack(): Promise<void> {
  const resources = (await stateResources().catch(() => undefined)) ?? [];
  if (resources.length === 0) return;
  await clearDeadLock();
  requireUnlocked();
  await pulumiText('stack', 'rm', stack, '--yes', '--force', '--preserve-config');
  say(
    `  … stack ${stack}: forgotten; its ${resources.length} resources were in the memory of an emulator that is gone`,
  );
}

/** Refuses to start while another run holds the stack, or has left its lock. */
export function requireUnlocked(): void {
  const [lock] = locks();
  if (!lock) return;
  const who = `process ${lock.pid} on ${lock.host} since ${lock.since}`;
  if (lock.alive === false) {
    throw new UserFault(
      `Stack ${stack} is locked by a run that was killed (${who}; it runs no more).`,
      `Clear the lock: \`make unlock STACK=${stack}\`, then type the command again. What the killed run had done is kept.`,
    );
  }
  throw new UserFault(
    `Stack ${stack} is locked by another run (${who}).`,
    `Wait for it to end. If you know that it is gone: \`make unlock STACK=${stack}\`.`,
  );
}

/**
 * Explains what pulumi said on its standard error, where a person may not know what to do about it.
 */
export function explain(stderr: string): UserFault | undefined {
  if (/incorrect passphrase/.test(stderr)) {
    return new UserFault(
      `The passphrase is not the one that stack ${stack}'s secrets are encrypted with.`,
      `Put back .slipway/passphrase (or unset PULUMI_CONFIG_PASSPHRASE*), or delete everything and start again: \`make destroy STACK=${stack}\`, \`make up STACK=${stack}\`.`,
    );
  }
  if (/stack is currently locked/.test(stderr)) {
    return new UserFault(
      `Stack ${stack} is locked by another run.`,
      `Wait for it, or clear a left-over lock: \`make unlock STACK=${stack}\`.`,
    );
  }
  if (/no space left on device/i.test(stderr)) {
    return new UserFault(
      'The disk is full.',
      'Make room (`docker system df` shows what Docker holds), then type the command again.',
    );
  }
  return undefined;
}
