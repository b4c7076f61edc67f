import { BatchGetImageCommand, ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import type { Unwrap } from '@pulumi/pulumi';
import type { RegistryArgs } from '../../release/imagePush.ts';

export type EcrOptions = Omit<Unwrap<RegistryArgs>, 'host'>;

/** An image, as the registry describes it. */
export interface RegistryImage {
  /** Digest of the manifest. */
  repoDigest: string;
  /** Digest of the image's configuration: the image id that the Docker engine knows. */
  configDigest: string;
}

/**
 * The formats an image of one platform has. A list of platforms has no configuration of its own.
 */
const manifestTypes = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
];

/** One repository of ECR. */
export class EcrRegistry {
  readonly #options: EcrOptions;
  readonly #client: ECRClient;

  constructor(options: EcrOptions, client?: ECRClient) {
    this.#options = options;
    const { region, profile, endpoint } = options;
    this.#client =
      client ??
      new ECRClient({ region, ...(profile && { profile }), ...(endpoint && { endpoint }) });
  }

  /** The login for Docker; it is valid for twelve hours. */
  async login(): Promise<{ username: string; password: string }> {
    const { authorizationData } = await this.#client.send(new GetAuthorizationTokenCommand({}));
    const token = authorizationData?.[0]?.authorizationToken;
    if (!token) throw new Error('ECR gave no authorization token.');
    const [username = '', ...rest] = Buffer.from(token, 'base64').toString().split(':');
    return { username, password: rest.join(':') };
  }

  /** @returns the image under a tag; `undefined` when there is none */
  async image(tag: string): Promise<RegistryImage | undefined> {
    const { images = [], failures = [] } = await this.#client.send(
      new BatchGetImageCommand({
        repositoryName: this.#options.repository,
        imageIds: [{ imageTag: tag }],
        acceptedMediaTypes: manifestTypes,
      }),
    );
    const found = images[0];
    if (!found?.imageManifest || !found.imageId?.imageDigest) {
      const failure = failures[0];
      if (!failure || failure.failureCode === 'ImageNotFound') return undefined;
      throw new Error(
        `ECR cannot read ${this.#options.repository}:${tag}: ${failure.failureReason ?? 'no reason given'}`,
      );
    }
    const manifest = JSON.parse(found.imageManifest) as { config?: { digest?: string } };
    return { repoDigest: found.imageId.imageDigest, configDigest: manifest.config?.digest ?? '' };
  }
}
