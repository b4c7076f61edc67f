import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { extraArgs } from '../lib/context.ts';
import { passThrough } from '../lib/exec.ts';
import { UserFault } from '../lib/fault.ts';
import { node, root } from '../lib/paths.ts';
import { say } from '../lib/progress.ts';
import { setUp } from '../setup/all.ts';
import { pulumiEnvironment } from '../setup/state.ts';

function runNode(...args: string[]): Promise<number> {
  return passThrough(node, args, { cwd: root, env: pulumiEnvironment() });
}

export async function setup(): Promise<number> {
  await setUp();
  say('Everything is there. Next: `make up`.');
  return 0;
}

/** Every test, of all three kinds; ARGS go to vitest, such as ARGS="--project unit". */
export async function test(): Promise<number> {
  await setUp();
  const code = await runNode('node_modules/vitest/vitest.mjs', 'run', ...extraArgs());
  say(code === 0 ? 'All tests passed.' : 'Tests failed. Next: one alone with `make test ARGS="path/of.test.ts"`.');
  return code;
}

export async function bench(): Promise<number> {
  const program = 'bench/run.ts';
  if (!existsSync(join(root, program)))
    throw new UserFault(`There is no ${program} in this checkout.`, 'Check out a version that has it.');
  await setUp();
  return runNode(program, ...extraArgs());
}

/** All checks of the source, every one of them also when an earlier one fails. */
export async function lint(): Promise<number> {
  const checks: [string, ...string[]][] = [
    ['types', 'node_modules/typescript/bin/tsc', '--noEmit'],
    ['eslint', 'node_modules/eslint/bin/eslint.js', '.'],
    ['format', 'node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
    ['unused code', 'node_modules/knip/bin/knip.js'],
  ];
  const failed: string[] = [];
  for (const [name, ...command] of checks) {
    const code = await runNode(...command);
    say(`  ${code === 0 ? '✓' : '✗'} ${name}`);
    if (code !== 0) failed.push(name);
  }
  say(
    failed.length === 0
      ? 'Nothing to mend. Next: `make test`.'
      : `To mend: ${failed.join(', ')}. \`npm run format\` mends the format.`,
  );
  return failed.length === 0 ? 0 : 1;
}
