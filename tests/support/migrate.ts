import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const main = join(import.meta.dirname, '../../app/src/main.ts');

export interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  output: string;
}

/** Starts `migrate …` as a process of its own, as a release does. */
export function startMigrate(
  url: string,
  args: string[],
  env: NodeJS.ProcessEnv = {},
): { process: ChildProcess; finished: Promise<Finished> } {
  const child = spawn(process.execPath, [main, 'migrate', ...args], {
    env: { PATH: process.env['PATH'], DATABASE_URL: url, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const finished = new Promise<Finished>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal, output })),
  );
  return { process: child, finished };
}

export const migrate = (url: string, args: string[], env?: NodeJS.ProcessEnv): Promise<Finished> =>
  startMigrate(url, args, env).finished;

const folders: string[] = [];
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/**
 * Writes migration files to a new folder. A missing down file is `SELECT 1;` unless its value is
 * null.
 */
export function migrationFolder(
  files: Record<string, string | { up: string | Buffer; down: string | null }>,
): string {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-migrations-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    const { up, down } = typeof content === 'string' ? { up: content, down: 'SELECT 1;' } : content;
    writeFileSync(join(folder, `${name}.up.sql`), up);
    if (down !== null) writeFileSync(join(folder, `${name}.down.sql`), down);
  }
  return folder;
}
