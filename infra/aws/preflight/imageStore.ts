import type { AwsConfig } from '../../config/config.ts';
import type { EngineApi } from '../../docker-engine/engineApi.ts';
import type { ImageStore, StoredImage } from '../../image/imageStore.ts';
import { imageTag } from '../../registry/imageTag.ts';
import { UserError } from '../../config/userError.ts';
import { nameOf, refused } from './awsFaults.ts';

/**
 * The Docker engine; for an image by its id then the stack's own repository, where every release of
 * it lies. A machine that never built anything, such as a workflow's, can preview and release what
 * was pushed before.
 *
 * @param repository such as `slipway-prod/app`
 */
export function engineOrRegistry(
  engine: EngineApi,
  config: AwsConfig,
  repository: string,
): ImageStore {
  const asked = new Map<string, Promise<StoredImage | undefined>>();
  const find = async (nameOrId: string): Promise<StoredImage | undefined> => {
    const byId = nameOrId.startsWith('sha256:');
    let noEngine: Error | undefined;
    try {
      const found = engine.reachable ? await engine.image(nameOrId) : undefined;
      if (found || !byId) return found;
    } catch (error) {
      if (!byId) throw error;
      noEngine = error as Error;
    }
    const pushed = await inRegistry(nameOrId, config, repository);
    if (!pushed && noEngine) throw noEngine;
    return pushed;
  };
  return {
    knowsNames: engine.reachable,
    place: `${engine.host}, and not in the repository ${repository} either`,
    image(nameOrId) {
      const answer = asked.get(nameOrId) ?? find(nameOrId);
      asked.set(nameOrId, answer);
      return answer;
    },
  };
}

async function inRegistry(
  imageId: string,
  { region, awsProfile: profile, awsEndpoint: endpoint, registryHost: host }: AwsConfig,
  repository: string,
): Promise<StoredImage | undefined> {
  const { EcrRegistry } = await import('../../registry/ecrRegistry.ts');
  const registry = new EcrRegistry({ repository, region, profile, endpoint, host });
  try {
    const found = await registry.image(imageTag(imageId));
    if (found?.configDigest !== imageId) return undefined;
    return { id: imageId, imageId, ...(await registry.imageConfig(imageId)) };
  } catch (error) {
    // A new stack has none.
    if (nameOf(error) === 'RepositoryNotFoundException') return undefined;
    const rights = 'ecr:GetAuthorizationToken, ecr:BatchGetImage and ecr:GetDownloadUrlForLayer';
    throw new UserError(refused(`image ${imageId} of ${repository}`, rights, error));
  }
}
