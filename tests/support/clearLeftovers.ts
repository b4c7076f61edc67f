import { labelKeys } from '../../infra/docker-engine/labels.ts';
import { docker } from './stack.ts';

/**
 * Removes the leftovers of an earlier run of these tests that was killed, by the names of their
 * stacks.
 */
export async function setup(): Promise<void> {
  const ours = (labels: Record<string, string> | null) =>
    labels?.[labelKeys.stack]?.startsWith('e2e-') === true;
  for (const { Id, Labels } of await docker.listContainers({ all: true })) {
    if (ours(Labels)) await docker.getContainer(Id).remove({ force: true, v: true });
  }
  for (const { Name, Labels } of (await docker.listVolumes()).Volumes) {
    if (ours(Labels)) await docker.getVolume(Name).remove();
  }
  for (const { Id, Labels } of await docker.listNetworks()) {
    if (ours(Labels ?? null)) await docker.getNetwork(Id).remove();
  }
  for (const { Labels, RepoTags } of await docker.listImages()) {
    if (ours(Labels)) for (const tag of RepoTags ?? []) await docker.getImage(tag).remove();
  }
}
