import { plainLines } from '../../infra/docker-engine/logLines.ts';
import { docker, stackContainers } from '../lib/context.ts';
import { say } from '../lib/progress.ts';

/** Says which containers of the stack are not healthy, with the last lines of check and log. */
export async function showUnfit(): Promise<void> {
  const unfit = (await stackContainers()).filter(
    ({ role, Status }) =>
      ['postgres', 'valkey', 'gateway'].includes(role) && !/\(healthy\)/.test(Status),
  );
  for (const { Id, name, Status } of unfit) {
    const container = docker().getContainer(Id);
    const { State } = await container.inspect();
    say(`\n${name}: ${Status}`);
    const probe = State.Health?.Log.at(-1);
    if (probe)
      say(
        `  its last health check exited with ${probe.ExitCode}: ${probe.Output.trim() || 'no output'}`,
      );
    for (const line of plainLines(await container.logs({ stdout: true, stderr: true, tail: 10 })))
      say(`  | ${line}`);
  }
}
