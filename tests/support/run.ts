import { execFileSync, spawn, type ChildProcess } from 'node:child_process';

export interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Standard output and standard error as they came. */
  output: string;
  /** Standard output alone. */
  stdout: string;
  seconds: number;
}

export interface Running {
  child: ChildProcess;
  finished: Promise<Finished>;
  /** Resolves when the output so far matches. */
  sees(pattern: RegExp, seconds?: number): Promise<void>;
}

/**
 * Variables that `make test`, or a shell with `make env`, has set for the checkout that the tests
 * run from: each copy has its own.
 */
const ofThisCheckout = {
  MAKEFLAGS: undefined,
  MAKELEVEL: undefined,
  STACK: undefined,
  ARGS: undefined,
  CONFIRM: undefined,
  SERVICE: undefined,
  PULUMI_BACKEND_URL: undefined,
  PULUMI_CONFIG_PASSPHRASE: undefined,
  PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
  NODE_COMPILE_CACHE: undefined,
};

/** Starts a command in a process group of its own; it is killed after `seconds`. */
export function start(
  command: string[],
  options: {
    cwd: string;
    env?: Record<string, string | undefined>;
    seconds?: number;
    input?: string;
  },
): Running {
  const started = Date.now();
  const child = spawn(command[0] ?? '', command.slice(1), {
    cwd: options.cwd,
    env: { ...process.env, ...ofThisCheckout, NO_COLOR: '1', ...options.env },
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  let stdout = '';
  const waiting = new Set<() => void>();
  const take = (text: string) => {
    output += text;
    for (const check of waiting) check();
  };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    take(text);
  });
  child.stderr?.setEncoding('utf8').on('data', take);
  if (options.input !== undefined) child.stdin?.end(options.input);
  const limit = setTimeout(() => killGroup(child, 'SIGKILL'), (options.seconds ?? 300) * 1000);
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      resolve({ code, signal, output, stdout, seconds: (Date.now() - started) / 1000 });
    });
  });
  const sees = (pattern: RegExp, seconds = 120) =>
    new Promise<void>((resolve, reject) => {
      const end = () => {
        waiting.delete(check);
        clearTimeout(timer);
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`the output did not show ${pattern} within ${seconds} s:\n${output}`));
      }, seconds * 1000);
      const check = () => {
        if (!pattern.test(output)) return;
        end();
        resolve();
      };
      waiting.add(check);
      check();
    });
  return { child, finished, sees };
}

/** Runs a command to its end. */
export function run(command: string[], options: Parameters<typeof start>[1]): Promise<Finished> {
  return start(command, options).finished;
}

/** Signals a command and everything it started in its process group. */
export function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid) process.kill(-child.pid, signal);
  } catch {
    // It has ended already.
  }
}

/**
 * Kills a command and the commands below it with SIGKILL, as a machine that runs out of memory
 * might, but neither the engine's plugins nor anything in a container: those have to notice by
 * themselves.
 */
export function killCommands(child: ChildProcess): void {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid=,comm='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, pid, parent, name]) => ({
      pid: Number(pid),
      parent: Number(parent),
      name: name ?? '',
    }));
  const below = (pid: number): number[] =>
    table
      .filter(({ parent, name }) => parent === pid && !name.startsWith('pulumi-'))
      .flatMap((entry) => [entry.pid, ...below(entry.pid)]);
  for (const pid of [child.pid ?? 0, ...below(child.pid ?? 0)]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended in between.
    }
  }
}
