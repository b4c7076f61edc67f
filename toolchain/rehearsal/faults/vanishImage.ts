import { requireImage } from '../../../infra/docker-engine/imageIdentity.ts';
import { docker } from '../../lib/context.ts';
import { unlessMissing } from '../../../infra/docker-engine/unlessMissing.ts';

/**
 * Takes an image that was pushed away wherever tasks could find it.
 *
 * @param image id of the image
 * @param outputs those of its ImagePush
 * @returns what is still there
 */
export async function vanishImage(
  image: string,
  outputs: Record<string, unknown>,
): Promise<string[]> {
  const complaints: string[] = [];
  const { repository, host } = outputs['registry'] as { repository: string; host: string };
  // The emulator's BatchDeleteImage would leave the manifest to be pulled.
  const manifest = `http://${host}/v2/${repository}/manifests/${String(outputs['repoDigest'])}`;
  const { status } = await fetch(manifest, {
    method: 'DELETE',
    signal: AbortSignal.timeout(10_000),
  });
  if (status !== 202)
    complaints.push(`the registry answered ${status} to the deletion of the image`);
  const { engineId } = await requireImage(docker(), image);
  const { RepoTags, RepoDigests } = await docker().getImage(engineId).inspect();
  for (const name of [...RepoTags, ...RepoDigests].filter((own) =>
    own.startsWith(`${host}/${repository}`),
  )) {
    await unlessMissing(docker().getImage(name).remove());
  }
  const reference = String(outputs['reference']);
  if (await unlessMissing(docker().getImage(reference).inspect()))
    complaints.push(`Docker still has ${reference}`);
  return complaints;
}
