import { docker, stack } from '../../lib/context.ts';
import { messageOf, UserFault } from '../../lib/fault.ts';
import { say } from '../../lib/progress.ts';
import { clearDeadLock } from '../../pulumi/locks.ts';
import { policyFlags } from '../../pulumi/policy.ts';
import { watchPulumi, type WatchedPulumi } from '../../pulumi/runPulumi.ts';
import { settleStackFile } from '../../pulumi/state.ts';
import { diagnosis, type UpdateReport } from './faultReport.ts';
import type { Attempt } from './faults.ts';

export interface UpdateOptions {
  /** A variant of the stack's file. */
  file?: string;
  /** Runs beside the update. */
  during?: ((attempt: Attempt) => Promise<void>) | undefined;
  /** Further arguments of `pulumi up`. */
  more?: string[];
}

/**
 * Runs `pulumi up` and shows it.
 *
 * @param of what it is for
 * @param complain gets what `during` failed with
 * @throws UserFault when a person has interrupted it
 */
export async function watchedUpdate(
  of: string,
  { file, during, more = [] }: UpdateOptions,
  complain: (complaint: string) => void,
): Promise<UpdateReport & { output: string }> {
  await clearDeadLock();
  const config = file === undefined ? [] : ['--config-file', file];
  const watching = new Set<(line: string) => void>();
  const show = shown();
  const pulumi = watchPulumi(
    ['up', '--stack', stack, '--yes', '--skip-preview', ...config, ...policyFlags(), ...more],
    (line) => {
      show(line);
      for (const look of watching) look(line);
    },
  );
  const done = during?.(attemptAt(pulumi, watching)).catch((error: unknown) =>
    complain(messageOf(error)),
  );
  const { code, output, seconds } = await pulumi.finished;
  await done;
  await settleStackFile(stack);
  if (code === 130) throw interrupted();
  return { of, code, seconds, message: code === 0 ? '' : diagnosis(output), output };
}

/** @param watching what looks at each line that comes */
function attemptAt(pulumi: WatchedPulumi, watching: Set<(line: string) => void>): Attempt {
  return {
    docker: docker(),
    kill: () => pulumi.kill(),
    sees: (pattern) =>
      new Promise((resolve, reject) => {
        watching.add((line) => pattern.test(line) && resolve());
        if (pattern.test(pulumi.output())) resolve();
        void pulumi.finished.then(() =>
          reject(new Error(`the update ended without showing ${pattern}`)),
        );
      }),
  };
}

/**
 * Shows the lines of an update without those that would hide what happens: progress dots, and the
 * policy's advice each time.
 */
export function shown(): (line: string) => void {
  let advice = false;
  return (line) => {
    if (/^Policies:$/.test(line)) advice = true;
    else if (/^\S/.test(line)) advice = false;
    if (!advice && line.trim() !== '' && !/^@ |layer already exists/.test(line))
      say(`    │ ${line}`);
  };
}

export function interrupted(): UserFault {
  return new UserFault('Interrupted.', `\`make rehearse STACK=${stack}\` brings the stack back.`);
}
