import { dockerClient } from '../../docker-engine/dockerClient.ts';
import { imageFile } from '../../docker-engine/imageFile.ts';
import { findImage } from '../../docker-engine/imageIdentity.ts';

/** Where app/build.ts puts it. */
const path = '/app/sbom.cdx.json';

/** The list of packages that an image carries; undefined when the engine does not have the image. */
export async function imageSbom(host: string, image: string): Promise<string | undefined> {
  const docker = dockerClient(host);
  const found = await findImage(docker, image);
  return found && imageFile(docker, found.engineId, path);
}
