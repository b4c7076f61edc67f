import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { pulumiVariables } from '../toolchain/pulumi/state.ts';
import { answerForAws } from '../infra/test-support/awsAnswers.ts';
import type { Bench } from './support/bench.ts';
import { stopIfInterrupted } from './support/commands.ts';
import { interleave, type Row } from './support/results.ts';

const rounds = 11;

/**
 * The process of our Pulumi program, from its start to its end, beside a process that imports only
 * Pulumi's SDK. Ours imports its modules, reads its configuration, asks the Docker engine and AWS,
 * hashes the build context and registers every resource. Mocks replace the engine and its
 * providers, which cost the same for every program. Ours has the environment of `make env` and the
 * arguments of Pulumi.yaml. The other side has neither, so it has no compile cache. Ours without a
 * compile cache is shown too.
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

type Samples = Record<'ours' | 'theirs' | 'uncached', number[]>;

async function compare(bench: Bench, platform: string[], subject: Subject): Promise<Row[]> {
  const { time, memory } = await measure(bench, platform);
  const { key, what } = subject;
  const against = `node -e "import('@pulumi/pulumi')"`;
  const start = { unit: 'ms' as const, against, theirs: time.theirs };
  const peak = { unit: 'MB' as const, against, theirs: memory.theirs };
  const startRow = { ...start, ours: time.ours, key: `${key}Start`, what: `${what}, start to end` };
  const peakRow = { ...peak, ours: memory.ours, key: `${key}Memory`, what: `${what}, peak memory` };
  const uncached = '  the same without a compile cache';
  return [
    { ...startRow, aim: subject.start },
    { ...start, ours: time.uncached, key: `${key}StartUncached`, what: uncached },
    { ...peakRow, aim: subject.memory },
    { ...peak, ours: memory.uncached, key: `${key}MemoryUncached`, what: uncached },
  ];
}

/** Milliseconds and peak memory in MB of our program, of the SDK alone, and of ours uncached. */
async function measure(
  bench: Bench,
  platform: string[],
): Promise<{ time: Samples; memory: Samples }> {
  const peak = join(bench.folder, 'peak.cjs');
  // The process itself writes ru_maxrss, in KiB, when it ends.
  writeFileSync(
    peak,
    `process.on('exit', () => require('fs').writeSync(3, String(process.resourceUsage().maxRSS)));\n`,
  );
  const program = fileURLToPath(import.meta.resolve('../infra/test-support/mockedProgram.ts'));
  const ours = [...nodeArgs(), program, ...platform];
  // Nobody checks the credentials, so any will do.
  const bare: NodeJS.ProcessEnv = {
    ...process.env,
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
  };
  delete bare['NODE_COMPILE_CACHE'];
  const runSide = (side: keyof Samples) => {
    const args = side === 'theirs' ? ['-e', "import('@pulumi/pulumi')"] : ours;
    const env = side === 'ours' ? { ...bare, ...pulumiVariables() } : bare;
    return runNode(['--require', peak, ...args], env);
  };
  // Loads the files into the page cache, and fills the compile cache of our side.
  await runSide('ours');
  await runSide('theirs');
  const time: Samples = { ours: [], theirs: [], uncached: [] };
  const memory: Samples = { ours: [], theirs: [], uncached: [] };
  const record = async (side: keyof Samples): Promise<void> => {
    const { milliseconds, peakMb } = await runSide(side);
    time[side].push(milliseconds);
    memory[side].push(peakMb);
  };
  const recordOurs = () => record('ours').then(() => record('uncached'));
  await interleave(rounds, recordOurs, () => record('theirs'));
  return { time, memory };
}

/** Node's arguments when Pulumi starts our program. */
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
