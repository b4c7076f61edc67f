import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface ExecOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Text for the command's standard input. */
  input?: string;
}

export interface ExecResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** A command that ended with another exit code than 0. */
class CommandFailed extends Error {
  readonly result: ExecResult;

  constructor(command: string, result: ExecResult) {
    super(
      `\`${command}\` ended with exit code ${result.code}:\n${lastLines(result.stdout + result.stderr, 30)}`,
    );
    this.name = 'CommandFailed';
    this.result = result;
  }
}

/** Runs a command, keeps its output, and never throws for an exit code. */
export function tryExec(
  command: string,
  args: string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: options.cwd, env: options.env ?? process.env });
    const result: ExecResult = { code: 127, stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (result.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (result.stderr += text));
    child.on('error', (error) => {
      result.stderr += error.message;
      resolve(result);
    });
    child.on('close', (code) => resolve({ ...result, code: code ?? 128 }));
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

/**
 * Runs a command and gives its standard output.
 *
 * @throws {CommandFailed} with the last 30 lines when it fails
 */
export async function exec(
  command: string,
  args: string[],
  options: ExecOptions = {},
): Promise<string> {
  const result = await tryExec(command, args, options);
  if (result.code !== 0) throw new CommandFailed([command, ...args].join(' '), result);
  return result.stdout;
}

/**
 * Runs a command on this terminal and gives its exit code. Ctrl-C reaches it once, from the
 * terminal itself; we only wait. A SIGTERM sent to us alone is handed on.
 */
export function passThrough(
  command: string,
  args: string[],
  options: ExecOptions = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: 'inherit',
    });
    const ignore = (): void => undefined;
    const forward = (): void => void child.kill('SIGTERM');
    process.on('SIGINT', ignore).on('SIGTERM', forward);
    const done = (): void => void process.off('SIGINT', ignore).off('SIGTERM', forward);
    child.on('error', (error) => (done(), reject(error)));
    child.on(
      'close',
      (code, signal) => (done(), resolve(code ?? (signal === 'SIGINT' ? 130 : 143))),
    );
  });
}

/** The absolute path of a program on PATH, or undefined. */
export function which(
  program: string,
  path: string = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, program))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
