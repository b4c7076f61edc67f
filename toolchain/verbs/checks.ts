import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { extraArgs } from '../lib/context.ts';
import { passThrough, tryExec } from '../lib/exec.ts';
import { messageOf, UserFault } from '../lib/fault.ts';
import { node, root } from '../lib/paths.ts';
import { say, seconds, step } from '../lib/progress.ts';
import { countLine, failureLines, partLines, type TestReport } from '../lib/testReport.ts';
import { setUp } from '../setup/all.ts';
import { awsPlugin } from '../setup/awsPlugin.ts';
import { ensurePlugin } from '../setup/plugins.ts';
import { pulumiEnvironment } from '../pulumi/state.ts';
import { findProvider } from '../stand-ins/terraformMirror.ts';

const testReport = join(root, '.slipway', 'test-report.json');

function runNode(...args: string[]): Promise<number> {
  return passThrough(node, args, { cwd: root, env: pulumiEnvironment() });
}

export async function setup(): Promise<number> {
  await setUp();
  say('Everything is there. Next: `make up`.');
  return 0;
}

/**
 * Runs every test but the proof of the AWS plugin, which takes ten minutes by itself. ARGS choose
 * others, such as ARGS="--project unit" or ARGS="--project aws-plugin".
 */
export async function test(): Promise<number> {
  await setUp();
  mkdirSync(dirname(testReport), { recursive: true });
  rmSync(testReport, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${testReport}`];
  const chosen =
    extraArgs().length > 0 ? extraArgs() : ['--project=!aws-plugin', ...(await withoutAws())];
  const code = await runNode('node_modules/vitest/vitest.mjs', 'run', ...reporters, ...chosen);
  const report = existsSync(testReport)
    ? (JSON.parse(readFileSync(testReport, 'utf8')) as TestReport)
    : undefined;
  for (const line of report ? partLines(report, root) : []) say(line);
  if (code !== 0) {
    say('Tests failed. Next: one alone with `make test ARGS="path/of.test.ts"`.');
    for (const line of report ? failureLines(report, root) : []) say(line);
  }
  process.stdout.write(`${countLine(report)}\n`);
  return code;
}

/**
 * Leaves the tests on AWS out where there is no plugin for it, and says so. Where a mirror has one,
 * it has to work.
 */
async function withoutAws(): Promise<string[]> {
  try {
    await step('plugin aws', (note) => ensurePlugin(awsPlugin(), Promise.resolve(), note));
    return [];
  } catch (error) {
    if (findProvider()) throw error;
    say(`  … the tests on the AWS emulator are left out: ${messageOf(error)}`);
    return ['--project=!aws'];
  }
}

export async function bench(): Promise<number> {
  const program = 'bench/run.ts';
  if (!existsSync(join(root, program)))
    throw new UserFault(
      `There is no ${program} in this checkout.`,
      'Check out a version that has it.',
    );
  await setUp();
  return runNode(program, ...extraArgs());
}

/** The checks of `make lint`, the longest first. */
const lintChecks: [string, ...string[]][] = [
  ['eslint', 'node_modules/eslint/bin/eslint.js', '.'],
  ['types', 'node_modules/typescript/bin/tsc', '--noEmit'],
  ['format', 'node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
  ['unused code', 'node_modules/knip/bin/knip.js'],
  [
    'walls',
    'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
    ...['app', 'infra', 'migrations', 'toolchain', '--config', '.dependency-cruiser.mjs'],
  ],
  ['migrations', 'app/src/main.ts', 'migrate', 'lint'],
];

/** All checks of the source, two side by side; every one of them also when an earlier one fails. */
export async function lint(): Promise<number> {
  const waiting = [...lintChecks];
  const failed: string[] = [];
  const env = { ...pulumiEnvironment(), ...(process.stdout.isTTY && { FORCE_COLOR: '1' }) };
  const runInTurn = async (): Promise<void> => {
    for (let check = waiting.shift(); check; check = waiting.shift()) {
      const [name, ...command] = check;
      const start = performance.now();
      const { code, stdout, stderr } = await tryExec(node, command, { cwd: root, env });
      process.stdout.write(stdout + stderr);
      say(`  ${code === 0 ? '✓' : '✗'} ${name} (${seconds(performance.now() - start)})`);
      if (code !== 0) failed.push(name);
    }
  };
  await Promise.all([runInTurn(), runInTurn()]);
  say(
    failed.length === 0
      ? 'Nothing to mend. Next: `make test`.'
      : `To mend: ${failed.join(', ')}. \`npm run format\` mends the format.`,
  );
  return failed.length === 0 ? 0 : 1;
}
