import type { Blueprint } from '../../blueprint.ts';
import { awsConfig, type AwsConfig, type Config } from '../../config/config.ts';
import { emulatorEndpointOf } from '../../config/emulator.ts';
import { existingImage, namedImage, surveyImage, type ImageMaker } from '../../image/appImage.ts';
import { EngineApi } from '../../docker-engine/engineApi.ts';
import { dockerHost } from '../../docker-engine/host.ts';
import type { StackIdentity } from '../../docker-engine/labels.ts';
import { UserError } from '../../config/userError.ts';
import type { Emulator } from '../awsProvider.ts';
import { repositoryName } from '../naming.ts';
import type { Https } from '../edge/loadBalancer.ts';
import { engineOrRegistry } from './imageStore.ts';
import { preflight } from './preflight.ts';
import { rdsRegionFault } from './rdsCertificates.ts';

/** Facts that are found before anything is registered. */
export interface AwsSurvey {
  config: AwsConfig;
  identity: StackIdentity;
  blueprint: Blueprint;
  /** Availability zones by name. */
  zones: string[];
  /** How the site gets HTTPS, if it does. */
  https?: Https | undefined;
  /** Stands in for AWS. */
  emulator?: Emulator | undefined;
  /** The engine that has the image, such as `unix:///var/run/docker.sock`. */
  dockerHost: string;
  image: ImageMaker;
}

/**
 * Asks AWS and the Docker engine what must be known before anything is registered.
 *
 * @throws UserError when the stack could not come up
 */
export async function surveyAws(
  config: Config,
  identity: StackIdentity,
  blueprint: Blueprint,
): Promise<AwsSurvey> {
  const aws = awsConfig(config);
  const fault = rdsRegionFault(identity.root, aws.region);
  if (fault) throw new UserError(fault);
  const host = dockerHost();
  const engine = new EngineApi(host);
  const emulator = emulatorOf(aws);
  const store = engineOrRegistry(engine, aws, repositoryName(identity));
  const imageId = await namedImage(config);
  const { zones, hostedZoneId } = await preflight({
    config: aws,
    identity,
    imageId,
    store,
    emulated: emulator !== undefined,
  });
  const image = await (imageId === undefined
    ? surveyImage(config, identity, engine)
    : existingImage(imageId, store, config.imageFrom));
  return {
    config: aws,
    identity,
    blueprint,
    zones,
    https: httpsOf(aws, hostedZoneId),
    emulator,
    dockerHost: host,
    image,
  };
}

/** @param hostedZoneId the zone that preflight found for the domain */
function httpsOf(
  { domain, certificateArn }: AwsConfig,
  hostedZoneId: string | undefined,
): Https | undefined {
  if (domain === undefined) return undefined;
  if (certificateArn !== undefined) return { domain, certificateArn };
  return hostedZoneId === undefined ? undefined : { domain, hostedZoneId };
}

function emulatorOf(config: AwsConfig): Emulator | undefined {
  const endpoint = emulatorEndpointOf(config);
  return endpoint === undefined ? undefined : { endpoint };
}
