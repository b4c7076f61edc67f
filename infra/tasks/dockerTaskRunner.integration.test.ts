import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { dockerHost } from '../docker-engine/host.ts';
import { baseImages } from '../docker-engine/baseImages.ts';
import { dockerClient } from '../docker-engine/dockerClient.ts';
import { DockerTaskRunner, type DockerTaskRunnerArgs } from './dockerTaskRunner.ts';

const host = dockerHost();
const docker = dockerClient(host);
const labels = { 'dev.slipway.test': randomUUID() };
const networkName = `slipway-task-test-${labels['dev.slipway.test'].slice(0, 8)}`;

beforeAll(async () => {
  await docker.createNetwork({ Name: networkName });
});
afterAll(async () => {
  for (const { Id } of await ours()) await docker.getContainer(Id).remove({ force: true, v: true });
  await docker.getNetwork(networkName).remove();
});

const ours = () =>
  docker.listContainers({
    all: true,
    filters: { label: [`dev.slipway.test=${labels['dev.slipway.test']}`] },
  });

/** Runs a script of Node in a task; what it writes arrives in `lines`. */
function task(
  script: string,
  over: Partial<DockerTaskRunnerArgs> = {},
  options: { timeoutMs?: number } = {},
) {
  const lines: string[] = [];
  const controller = new AbortController();
  const runner = new DockerTaskRunner({
    host,
    image: baseImages.node,
    network: networkName,
    labels,
    memoryMb: 128,
    envs: ['GREETING=hello'],
    ...over,
  });
  const result = runner.run({
    command: ['node', '-e', script],
    timeoutMs: options.timeoutMs ?? 30_000,
    signal: controller.signal,
    onLine: (line) => lines.push(line),
  });
  return { result, lines, cancel: () => controller.abort() };
}

const until = async (condition: () => boolean | Promise<boolean>) => {
  for (let tries = 0; !(await condition()); tries++) {
    if (tries > 200) throw new Error('it did not happen within 20 s');
    await sleep(100);
  }
};

const onTerm = (code: string) =>
  `process.on('SIGTERM', () => { ${code} }); setInterval(() => {}, 1000); console.log('up')`;

describe('a one-off task on Docker', { concurrent: false }, () => {
  it('hands over its output line by line, its environment, and exit code 0, and leaves no container', async () => {
    const { result, lines } = task('console.log(process.env.GREETING); console.error("two")');
    expect(await result).toMatchObject({ exitCode: 0, adopted: false });
    expect(lines.sort()).toEqual(['hello', 'two']);
    expect(await ours()).toEqual([]);
  });

  it('hands over any other exit code with the last 50 lines', async () => {
    const { result } = task(
      'for (let i = 1; i <= 60; i++) console.log("line " + i); process.exitCode = 6',
    );
    const { exitCode, tail } = await result;
    expect(exitCode).toBe(6);
    expect(tail).toHaveLength(50);
    expect(tail.at(-1)).toBe('line 60');
  });

  it('fails with the engine’s reason when the image is missing', async () => {
    const { result } = task('0', { image: `sha256:${'0'.repeat(64)}` });
    await expect(result).rejects.toThrow(/it could not start: No such image/);
  });

  it('stops a task that runs past its time, with SIGTERM', async () => {
    const { result, lines } = task(
      onTerm('console.log("rolled back"); process.exit(143)'),
      {},
      { timeoutMs: 2500 },
    );
    await expect(result).rejects.toThrow(/stopped after 3 s, its timeout/);
    expect(lines).toContain('rolled back');
    expect(await ours()).toEqual([]);
  });

  it('stops the task when the update is cancelled', async () => {
    const { result, lines, cancel } = task(onTerm('console.log("rolled back"); process.exit(143)'));
    await until(() => lines.includes('up'));
    cancel();
    await expect(result).rejects.toThrow('cancelled, nothing half-applied');
    expect(lines).toContain('rolled back');
  });

  it('counts a killed task as one without an exit code', async () => {
    const { result } = task('process.kill(process.pid, "SIGKILL")', {}, {});
    expect(await result).toMatchObject({ exitCode: undefined, reason: 'killed' });
  });

  it('says when the task ran out of memory', async () => {
    const { result } = task('const kept = []; for (;;) kept.push(Buffer.alloc(1e7, 1))', {
      memoryMb: 64,
    });
    expect(await result).toMatchObject({
      exitCode: undefined,
      reason: expect.stringContaining('out of memory') as string,
    });
  });

  it('knows the exit code of a task whose container is removed as soon as it has ended', async () => {
    const { result, lines } = task('console.log("here"); setTimeout(() => process.exit(3), 1000)');
    await until(() => lines.includes('here'));
    const anyContainer = Object.getPrototypeOf(docker.getContainer('any')) as Docker.Container;
    const inspect = vi
      .spyOn(anyContainer, 'inspect')
      .mockRejectedValue(Object.assign(new Error('No such container'), { statusCode: 404 }));
    try {
      expect(await result).toMatchObject({ exitCode: 3 });
    } finally {
      inspect.mockRestore();
    }
  });

  it('takes up the task that a killed update left running, instead of a second one', async () => {
    const script = 'console.log("working"); setTimeout(() => process.exit(0), 4000)';
    const first = task(script);
    await until(() => first.lines.includes('working'));
    const second = task(script);
    expect(await second.result).toMatchObject({ exitCode: 0, adopted: true });
    expect(second.lines).toContain('working');
    await first.result.catch(() => undefined);
  });

  it('waits for another task that still runs before it starts its own', async () => {
    const other = task('console.log("working"); setTimeout(() => console.log("other done"), 3000)');
    await until(() => other.lines.includes('working'));
    const mine = task('console.log("mine")');
    await mine.result;
    expect(mine.lines.indexOf('(earlier task) other done')).toBeGreaterThan(-1);
    expect(mine.lines.indexOf('mine')).toBeGreaterThan(
      mine.lines.indexOf('(earlier task) other done'),
    );
    await other.result.catch(() => undefined);
  });
});
