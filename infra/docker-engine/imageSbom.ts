import { dockerClient } from './dockerClient.ts';
import { imageFile } from './imageFile.ts';
import { findImage } from './imageIdentity.ts';

/** Where app/build.ts puts it. */
const path = '/app/sbom.cdx.json';

/**
 * The list of packages that an image carries, a CycloneDX document.
 *
 * @param image its id, `sha256:…`
 * @returns undefined when the engine does not have the image, or it is of a version without
 */
export async function imageSbom(host: string, image: string): Promise<string | undefined> {
  const docker = dockerClient(host);
  const found = await findImage(docker, image);
  return found && imageFile(docker, found.engineId, path);
}
