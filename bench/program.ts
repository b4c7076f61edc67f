import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { pulumiVariables } from '../toolchain/pulumi/state.ts';
import { answerForAws } from './support/awsAnswers.ts';
import type { Bench } from './support/bench.ts';
import { stopIfInterrupted } from './support/commands.ts';
import { interleave, type Row } from './support/results.ts';

const rounds = 11;

/**
 * The process of our Pulumi program, from its start to its end, beside a process that imports
 * Pulumi's SDK and nothing else. Ours imports what it needs, reads its configuration, asks the
 * Docker engine and AWS, hashes the build context and registers every resource; mocks answer in
 * place of the engine and its providers, which are the same for every program. It has the
 * environment of
 * `make env` and the arguments of Pulumi.yaml; the other side has none of it, and so no compile cache. Ours without one is shown
 * as well.
 */
export async function benchProgram(bench: Bench): Promise<Row[]> {
  const vpc = 'slipway-bench-network-vpc';
  const aws = await answerForAws({ account, vpc });
  try {
    const docker = ['docker', String(bench.firstPort + 20)];
    return [
      ...(await compare(bench, docker, {
        key: 'program',
        what: 'the Pulumi program',
        start: 1.2,
        memory: 1.3,
      })),
      ...(await compare(bench, ['aws', aws.endpoint, account], {
        key: 'awsProgram',
        what: 'the same for AWS',
        start: 1.4,
        memory: 1.5,
      })),
    ];
  } finally {
    aws.close();
  }
}

const account = '123456789012';

interface Subject {
  key: string;
  what: string;
  /** Ratios to aim at. */
  start: number;
  memory: number;
}

async function compare(
  bench: Bench,
  platform: string[],
  { key, what, ...aims }: Subject,
): Promise<Row[]> {
  const peak = join(bench.folder, 'peak.cjs');
  // ru_maxrss in KiB, told by the process itself as it ends.
  writeFileSync(
    peak,
    `process.on('exit', () => require('fs').writeSync(3, String(process.resourceUsage().maxRSS)));\n`,
  );
  const program = fileURLToPath(import.meta.resolve('./program.mocked.ts'));
  const ours = [...nodeArgs(), program, ...platform];
  // Anything does where nobody looks at credentials.
  const bare: NodeJS.ProcessEnv = {
    ...process.env,
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
  };
  delete bare['NODE_COMPILE_CACHE'];
  const time = { ours: [] as number[], theirs: [] as number[], uncached: [] as number[] };
  const memory = { ours: [] as number[], theirs: [] as number[], uncached: [] as number[] };
  const measure = async (side: keyof typeof time): Promise<void> => {
    const args = side === 'theirs' ? ['-e', "import('@pulumi/pulumi')"] : ours;
    const env = side === 'ours' ? { ...bare, ...pulumiVariables() } : bare;
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
  const uncached = '  the same without a compile cache';
  return [
    {
      ...start,
      ours: time.ours,
      key: `${key}Start`,
      what: `${what}, start to end`,
      aim: aims.start,
    },
    { ...start, ours: time.uncached, key: `${key}StartUncached`, what: uncached },
    {
      ...peaks,
      ours: memory.ours,
      key: `${key}Memory`,
      what: `${what}, peak memory`,
      aim: aims.memory,
    },
    { ...peaks, ours: memory.uncached, key: `${key}MemoryUncached`, what: uncached },
  ];
}

/** What Pulumi starts Node with for our program. */
function nodeArgs(): string[] {
  const file = readFileSync(join(import.meta.dirname, '../Pulumi.yaml'), 'utf8');
  const { runtime } = parse(file) as { runtime: { options: { nodeargs: string } } };
  return runtime.options.nodeargs.split(' ');
}

function runNode(
  args: string[],
  env: NodeJS.ProcessEnv,
): Promise<{ milliseconds: number; peakMb: number }> {
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
      else
        reject(new Error(`node ${args.join(' ')} ended with ${code ?? 'a signal'}:\n${problem}`));
    });
  });
}
