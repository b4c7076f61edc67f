import type Docker from 'dockerode';
import { containerExec } from '../../docker-engine/containerExec.ts';
import { keptConfigPath } from '../../gateway/gatewayScript.ts';

/** @param where labels of the app's containers, and of the gateway */
export async function deployedImages(
  docker: Docker,
  where: { deployedLabels: Record<string, string>; gatewayLabels: Record<string, string> },
): Promise<string[]> {
  const deployed = await runningContainers(docker, where.deployedLabels);
  const proven = await provenNames(docker, where.gatewayLabels);
  const serving = proven
    ? deployed.filter(({ Names }) => Names.some((name) => proven.has(name.slice(1))))
    : deployed;
  return [...new Set(serving.map(({ ImageID }) => ImageID))];
}

export function runningContainers(
  docker: Docker,
  labels: Record<string, string>,
): Promise<Docker.ContainerInfo[]> {
  const label = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return docker.listContainers({ filters: { label, status: ['running'] } });
}

/**
 * Names of the containers that a rollout has proven and put behind the gateway; undefined without a
 * gateway.
 */
async function provenNames(
  docker: Docker,
  gatewayLabels: Record<string, string>,
): Promise<Set<string> | undefined> {
  const gateway = (await runningContainers(docker, gatewayLabels))[0];
  if (!gateway) return undefined;
  // Before the first release there is no such file.
  const { stdout } = await containerExec(docker, gateway.Id, ['cat', keptConfigPath], {
    user: '0',
  });
  return new Set([...stdout.matchAll(/\bserver ([\w.-]+):\d+/g)].map(([, name = '']) => name));
}
