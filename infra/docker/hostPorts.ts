import { isFreePort } from '../docker-engine/isFreePort.ts';
import { labelKeys, type StackIdentity } from '../docker-engine/labels.ts';
import { UserError } from '../config/userError.ts';
import type { EngineApi } from '../docker-engine/engineApi.ts';

/** A port on 127.0.0.1 that a stack publishes, and the configuration key that moves it. */
export interface HostPort {
  key: string;
  port: number;
}

/**
 * Finds the ports that something else has already, before anything is registered. A port held by
 * this very stack is fine.
 *
 * @throws UserError with every taken port: who has it, and the command that moves it
 */
export async function requireFreePorts(
  ports: HostPort[],
  identity: StackIdentity,
  engine: EngineApi,
): Promise<void> {
  const containers = await engine.containers();
  const faults: string[] = [];
  for (const { key, port } of ports) {
    const holder = containers.find((container) => container.ports.includes(port));
    if (holder) {
      const theirs = identityOf(holder.labels);
      if (theirs && sameStack(theirs, identity)) continue;
      const who = theirs
        ? `stack ${theirs.stack} of the checkout ${theirs.root}`
        : `the Docker container ${holder.name}`;
      faults.push(fault(key, port, who, identity));
    } else if (!(await isFreePort(port))) {
      faults.push(fault(key, port, 'another program on this machine', identity));
    }
  }
  if (faults.length > 0) throw new UserError(['Nothing was changed:', ...faults].join('\n'));
}

function fault(key: string, port: number, who: string, identity: StackIdentity): string {
  return (
    `  - ${identity.project}:${key}: port ${port} on 127.0.0.1 is taken by ${who}. ` +
    `Stop that, or choose another: \`pulumi config set --stack ${identity.stack} ${key} ${port + 1}\`.`
  );
}

function identityOf(labels: Record<string, string>): StackIdentity | undefined {
  const { [labelKeys.project]: project, [labelKeys.stack]: stack, [labelKeys.root]: root } = labels;
  return project && stack && root ? { project, stack, root } : undefined;
}

function sameStack(a: StackIdentity, b: StackIdentity): boolean {
  return a.project === b.project && a.stack === b.stack && a.root === b.root;
}
