import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ourPlugin } from './support/ourPlugin.ts';

it('the AWS plugin built here takes its Terraform provider with it when it is killed', async ({
  skip,
}) => {
  const folder = await ourPlugin();
  if (folder === undefined) return skip('the official plugin is here');
  const plugin = spawn(join(folder, 'pulumi-resource-aws'), ['127.0.0.1:9'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  // The port that it prints says that it serves, so the provider runs.
  await new Promise((resolve) => plugin.stdout.once('data', resolve));
  const child = Number(
    execFileSync('ps', ['--ppid', String(plugin.pid), '-o', 'pid='], { encoding: 'utf8' }),
  );
  expect(runs(child)).toBe(true);
  plugin.kill('SIGKILL');
  for (let tries = 0; tries < 200 && runs(child); tries++) await sleep(50);
  expect(runs(child)).toBe(false);
});

/** Whether a process is there and alive; one that nobody has waited for yet is not. */
function runs(pid: number): boolean {
  try {
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith(
      'Z',
    );
  } catch {
    return false;
  }
}
