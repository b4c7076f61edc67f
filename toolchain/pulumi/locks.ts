import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { project, stack } from '../lib/context.ts';
import { UserFault } from '../lib/fault.ts';
import { say } from '../lib/progress.ts';
import { pulumiText } from './runPulumi.ts';
import { filesIn, stateFolder, usesOwnBackend } from './state.ts';

/** A lock that a run holds, or has left behind. */
export interface Lock {
  pid: number;
  host: string;
  since: string;
  /** Whether the process that holds it still runs; undefined when it is on another machine. */
  alive: boolean | undefined;
}

export function locks(of = stack): Lock[] {
  if (!usesOwnBackend()) return [];
  return filesIn(stateFolder, join('locks', '*', project, of, '*.json')).map((file) => {
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
 * Clears the lock of a killed run: of a process of this machine that is gone for certain. Its
 * plugins end by themselves, and a migration that it had started is found and taken up.
 */
export async function clearDeadLock(): Promise<void> {
  const held = locks();
  if (held.length === 0 || !held.every(({ alive }) => alive === false)) return;
  say(
    `  … stack ${stack}: clearing the lock of process ${held[0]?.pid}, which was killed; going on from where it stood`,
  );
  await pulumiText('cancel', '--yes', '--stack', stack);
}

/** Refuses to start while another run holds the stack, or has left its lock. */
export function requireUnlocked(): void {
  const [lock] = locks();
  if (!lock) return;
  const who = `process ${lock.pid} on ${lock.host} since ${lock.since}`;
  if (lock.alive === false) {
    throw new UserFault(
      `Stack ${stack} is locked by a run that was killed (${who}; it runs no more).`,
      `Clear the lock: \`make unlock STACK=${stack}\`, then type the command again. Everything that the killed run had done is kept.`,
    );
  }
  throw new UserFault(
    `Stack ${stack} is locked by another run (${who}).`,
    `Wait for it to end. If you know that it is gone: \`make unlock STACK=${stack}\`.`,
  );
}
