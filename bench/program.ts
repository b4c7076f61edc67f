import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pulumiVariables } from '../toolchain/setup/state.ts';
import type { Bench } from './support/bench.ts';
import { stopIfInterrupted } from './support/commands.ts';
import { interleave, type Row } from './support/results.ts';

const rounds = 11;

/**
 * The process of our Pulumi program, from its start to its end, beside a process that imports Pulumi's SDK and nothing else. Ours
 * imports what it needs, reads its configuration, asks the Docker engine, hashes the build context and registers every resource;
 * mocks answer in place of the engine and its providers, which are the same for every program. It has the environment of
 * `make env`; the other side has none of it, and so no compile cache. Ours without one is shown as well.
 */
export async function benchProgram(bench: Bench): Promise<Row[]> {
  const peak = join(bench.folder, 'peak.cjs');
  // ru_maxrss in KiB, told by the process itself as it ends.
  writeFileSync(
    peak,
    `process.on('exit', () => require('fs').writeSync(3, String(process.resourceUsage().maxRSS)));\n`,
  );
  const program = fileURLToPath(import.meta.resolve('./program.mocked.ts'));
  const ours = [program, String(bench.firstPort + 20)];
  const bare = { ...process.env };
  delete bare['NODE_COMPILE_CACHE'];
  const time = { ours: [] as number[], theirs: [] as number[], uncached: [] as number[] };
  const memory = { ours: [] as number[], theirs: [] as number[], uncached: [] as number[] };
  const measure = async (side: keyof typeof time): Promise<void> => {
    const args = side === 'theirs' ? ['-e', "import('@pulumi/pulumi')"] : ours;
    const env = side === 'ours' ? { ...process.env, ...pulumiVariables() } : bare;
    const { milliseconds, peakMb } = await runNode(['--require', peak, ...args], env);
    time[side].push(milliseconds);
    memory[side].push(peakMb);
  };
  // Files into the page cache, and ours into the compile cache where there is one.
  for (const side of ['ours', 'theirs'] as const) await measure(side);
  for (const { ours, theirs } of [time, memory]) [ours.length, theirs.length] = [0, 0];
  const measureOurs = () => measure('ours').then(() => measure('uncached'));
  await interleave(rounds, measureOurs, () => measure('theirs'));
  const against = `node -e "import('@pulumi/pulumi')"`;
  const start = { unit: 'ms' as const, against, theirs: time.theirs };
  const peaks = { unit: 'MB' as const, against, theirs: memory.theirs };
  return [
    { ...start, ours: time.ours, key: 'programStart', what: 'the Pulumi program, start to end', aim: 1.2 },
    { ...start, ours: time.uncached, key: 'programStartUncached', what: '  the same without a compile cache' },
    { ...peaks, ours: memory.ours, key: 'programMemory', what: 'the Pulumi program, peak memory', aim: 1.3 },
    { ...peaks, ours: memory.uncached, key: 'programMemoryUncached', what: '  the same without a compile cache' },
  ];
}

function runNode(args: string[], env: NodeJS.ProcessEnv): Promise<{ milliseconds: number; peakMb: number }> {
  stopIfInterrupted();
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(process.execPath, args, {
      cwd: join(import.meta.dirname, '..'),
      env,
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    let milliseconds = 0;
    let problem = '';
    let told = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (problem += text));
    child.stdio[3]?.on('data', (text: Buffer) => (told += text.toString()));
    child.on('exit', () => (milliseconds = performance.now() - started));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve({ milliseconds, peakMb: Number(told) / 1024 });
      else reject(new Error(`node ${args.join(' ')} ended with ${code ?? 'a signal'}:\n${problem}`));
    });
  });
}
