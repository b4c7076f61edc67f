import { ensureState, pulumiVariables } from '../setup/state.ts';
import { say } from '../lib/progress.ts';

/** Prints what a shell needs for plain `pulumi` commands, to be read by `eval`; nothing else goes to standard output. */
export async function env(): Promise<number> {
  await ensureState();
  process.stdout.write(exportLines(pulumiVariables()));
  if (process.stdout.isTTY)
    say('Next: `eval "$(make env)"`, then `npx pulumi preview --stack dev` in any folder of this checkout.');
  return 0;
}

export function exportLines(variables: Record<string, string>): string {
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`)
    .join('');
}
