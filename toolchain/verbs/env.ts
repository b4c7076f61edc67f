import { emulatorEnvironment } from '../pulumi/emulatorGuard.ts';
import { emulatedBy } from '../lib/context.ts';
import { ensureState, pulumiVariables } from '../pulumi/state.ts';
import { say } from '../lib/progress.ts';

/**
 * Prints the variables for plain `pulumi` commands, for `eval` in a shell; nothing else goes to
 * standard output.
 */
export async function env(): Promise<number> {
  await ensureState();
  const endpoint = emulatedBy();
  process.stdout.write(
    exportLines(pulumiVariables()) + (endpoint === undefined ? '' : emulatorLines(endpoint)),
  );
  if (process.stdout.isTTY)
    say(
      'Next: `eval "$(make env)"`, then `npx pulumi preview --stack dev` in any folder of this checkout.',
    );
  return 0;
}

export function exportLines(variables: Record<string, string>): string {
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`)
    .join('');
}

/**
 * For a stack on the emulator, as the verbs do it: real credentials are taken out of the shell.
 */
export function emulatorLines(endpoint: string, env: NodeJS.ProcessEnv = process.env): string {
  const wanted = emulatorEnvironment(endpoint, env);
  const gone = Object.keys(env).filter((name) => !(name in wanted));
  const set = Object.entries(wanted).filter(
    ([name, value]) => value !== undefined && value !== env[name],
  );
  return (
    gone.map((name) => `unset ${name}\n`).join('') +
    exportLines(Object.fromEntries(set) as Record<string, string>)
  );
}
