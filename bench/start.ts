import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { baseImages } from '../infra/docker-engine/baseImages.ts';
import { appBundle } from './support/appBundle.ts';
import type { Bench } from './support/bench.ts';
import { run, stopIfInterrupted } from './support/commands.ts';
import { databaseUrl, postgresFlags } from './support/postgres.ts';
import { sample, type Row } from './support/results.ts';

const rounds = 15;

/**
 * The app from the start of its process until it answers that it is ready (it has checked database,
 * cache and schema), beside a Node process that does nothing. Both run on this machine's Node,
 * outside any container. The app runs from the image's files; Postgres and Valkey are containers.
 */
export async function benchStart(bench: Bench): Promise<Row[]> {
  const { folder } = await appBundle(bench);
  const main = join(folder, 'main.js');
  const [databasePort, cachePort, port] = [30, 31, 32].map(
    (offset) => bench.firstPort + offset,
  ) as Triple;
  const services = await startServices(bench, databasePort, cachePort);
  // The compile cache is valid for the image's own path. The copy needs its own.
  const cache = join(folder, 'compile-cache');
  rmSync(cache, { recursive: true, force: true });
  const env = {
    PATH: process.env['PATH'],
    NODE_ENV: 'production',
    NODE_COMPILE_CACHE: cache,
    PORT: String(port),
    DATABASE_URL: databaseUrl(`127.0.0.1:${databasePort}`),
    CACHE_URL: `redis://127.0.0.1:${cachePort}`,
    JWT_SECRETS: `k1:${'0'.repeat(43)}`,
    SESSION_HASH_SECRET: '1'.repeat(43),
  };
  await run([process.execPath, main, 'warm-up'], { env });
  await run([process.execPath, main, 'migrate', 'up'], { env });

  const bare = { PATH: process.env['PATH'] };
  const samples = await sample(
    rounds,
    () => startToReady([main, 'serve'], env, port),
    async () => (await run([process.execPath, '-e', '0'], { env: bare })).milliseconds,
  );
  await run(['docker', 'rm', '-f', '-v', ...services]);
  return [
    {
      key: 'appStart',
      what: 'app, start to ready',
      ...samples,
      unit: 'ms',
      against: 'node -e 0',
      aim: 4,
    },
  ];
}

type Triple = [number, number, number];

async function startServices(
  bench: Bench,
  databasePort: number,
  cachePort: number,
): Promise<string[]> {
  const start = async (publish: string, ...args: string[]): Promise<string> =>
    (
      await run(['docker', 'run', '-d', '--init', ...bench.label, '-p', publish, ...args])
    ).stdout.trim();
  const valkey = [baseImages.valkey, 'valkey-server', '--protected-mode', 'no'];
  return [
    await start(`127.0.0.1:${databasePort}:5432`, ...postgresFlags, baseImages.postgres),
    await start(`127.0.0.1:${cachePort}:6379`, ...valkey),
  ];
}

/**
 * Milliseconds from the start of the process until `/health/ready` answers 200. Then the process is
 * stopped.
 */
async function startToReady(args: string[], env: NodeJS.ProcessEnv, port: number): Promise<number> {
  stopIfInterrupted();
  const started = performance.now();
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve());
  });
  try {
    while (!(await isReady(port))) {
      stopIfInterrupted();
      const late = performance.now() - started > 30_000;
      if (late || child.exitCode !== null)
        throw new Error(`the app did not become ready:\n${output}`);
      await sleep(1);
    }
    return performance.now() - started;
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, path: '/health/ready', agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    }).on('error', () => resolve(false));
  });
}
