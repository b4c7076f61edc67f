import {
  BatchDeleteImageCommand,
  BatchGetImageCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  paginateListImages,
  PutImageCommand,
} from '@aws-sdk/client-ecr';
import { imageTag, releasedPrefix } from './imageTag.ts';
import { OciRepository, type Artifact } from './ociRepository.ts';

export interface EcrOptions {
  /** The repository's name. */
  repository: string;
  /**
   * The registry's host, by default the one that ECR names; another where that does not resolve, as
   * with an emulator.
   */
  host?: string | undefined;
  region: string;
  /** A profile of `~/.aws/config`; by default AWS_PROFILE, or what the environment holds. */
  profile?: string | undefined;
  /** Another address of the ECR API than AWS' own, for an emulator. */
  endpoint?: string | undefined;
}

/** An image, as the registry describes it. */
export interface RegistryImage {
  /** Digest of the manifest. */
  repoDigest: string;
  /** Digest of the image's configuration: the image id that the Docker engine knows. */
  configDigest: string;
}

/** What an image's configuration says. */
export interface ImageConfig {
  /** `amd64`, `arm64`. */
  architecture: string;
  labels: Record<string, string>;
}

interface Manifest {
  text: string;
  digest: string;
  mediaType: string | undefined;
}

/**
 * The formats an image of one platform has. A list of platforms has no configuration of its own.
 */
const manifestTypes = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
];

const releasedTag = (image: string): string => `${releasedPrefix}${imageTag(image)}`;

/** One repository of ECR. */
export class EcrRegistry {
  readonly #options: EcrOptions;
  readonly #client: ECRClient;

  constructor(options: EcrOptions) {
    this.#options = options;
    const { region, profile, endpoint } = options;
    this.#client = new ECRClient({
      region,
      ...(profile && { profile }),
      ...(endpoint && { endpoint }),
    });
  }

  /** The login for Docker; it is valid for twelve hours. */
  async login(): Promise<{ username: string; password: string }> {
    return (await this.#authorization()).login;
  }

  /** @returns the image under a tag; `undefined` when there is none */
  async image(tag: string): Promise<RegistryImage | undefined> {
    const found = await this.#manifest(tag);
    if (!found) return undefined;
    const manifest = JSON.parse(found.text) as { config?: { digest?: string } };
    return { repoDigest: found.digest, configDigest: manifest.config?.digest ?? '' };
  }

  /** @param configDigest as of `image` */
  async imageConfig(configDigest: string): Promise<ImageConfig> {
    const blob = await (await this.#oci()).blob(configDigest);
    const { architecture = '', config } = JSON.parse(blob.toString('utf8')) as {
      architecture?: string;
      config?: { Labels?: Record<string, string> | null };
    };
    return { architecture, labels: config?.Labels ?? {} };
  }

  /**
   * Marks an image as released, which keeps it, and puts the proof beside it.
   *
   * @param image its id, `sha256:…`
   * @param name of the proof among those of this image
   */
  async publish(image: string, name: string, proof: Omit<Artifact, 'tag'>): Promise<void> {
    const manifest = await this.#manifest(imageTag(image));
    if (!manifest) throw new Error(`${imageTag(image)} is not in ${this.#options.repository}`);
    await this.#tag(manifest, releasedTag(image));
    const tag = `${releasedTag(image)}-${name}`;
    await (await this.#oci()).attach(manifest.digest, { ...proof, tag });
  }

  /**
   * Puts the list of an image's packages beside it.
   *
   * @param sbom a CycloneDX document
   */
  async publishSbom(image: string, sbom: string): Promise<void> {
    const manifest = await this.#manifest(imageTag(image));
    const tag = `${releasedTag(image)}-sbom`;
    if (!manifest || (await this.#manifest(tag))) return;
    await (
      await this.#oci()
    ).attach(manifest.digest, {
      mediaType: 'application/vnd.cyclonedx+json',
      content: sbom,
      annotations: {},
      tag,
    });
  }

  /**
   * Takes the mark from every image but these, and from their proofs: the lifecycle policy removes
   * them in time.
   *
   * @param images ids, `sha256:…`
   */
  async keepReleased(images: string[]): Promise<void> {
    const kept = images.map(releasedTag);
    const isKept = (tag: string) => kept.some((name) => tag === name || tag.startsWith(`${name}-`));
    const old: { imageTag: string }[] = [];
    const pages = paginateListImages(
      { client: this.#client },
      { repositoryName: this.#options.repository, filter: { tagStatus: 'TAGGED' } },
    );
    for await (const { imageIds = [] } of pages)
      for (const { imageTag: tag = '' } of imageIds)
        if (tag.startsWith(releasedPrefix) && !isKept(tag)) old.push({ imageTag: tag });
    // 100 at most in one call; the next release takes the others.
    if (old.length > 0)
      await this.#client.send(
        new BatchDeleteImageCommand({
          repositoryName: this.#options.repository,
          imageIds: old.slice(0, 100),
        }),
      );
  }

  async #tag({ text, digest, mediaType }: Manifest, tag: string): Promise<void> {
    try {
      await this.#client.send(
        new PutImageCommand({
          repositoryName: this.#options.repository,
          imageManifest: text,
          imageDigest: digest,
          ...(mediaType && { imageManifestMediaType: mediaType }),
          imageTag: tag,
        }),
      );
    } catch (error) {
      // It was released before.
      if (!/^Image(Tag)?AlreadyExistsException$/.test((error as Error).name)) throw error;
    }
  }

  async #manifest(tag: string): Promise<Manifest | undefined> {
    const { images = [], failures = [] } = await this.#client.send(
      new BatchGetImageCommand({
        repositoryName: this.#options.repository,
        imageIds: [{ imageTag: tag }],
        acceptedMediaTypes: manifestTypes,
      }),
    );
    const { imageManifest: text, imageId, imageManifestMediaType: mediaType } = images[0] ?? {};
    if (text && imageId?.imageDigest) return { text, digest: imageId.imageDigest, mediaType };
    const failure = failures[0];
    if (!failure || failure.failureCode === 'ImageNotFound') return undefined;
    throw new Error(
      `ECR cannot read ${this.#options.repository}:${tag}: ${failure.failureReason ?? 'no reason given'}`,
    );
  }

  async #oci(): Promise<OciRepository> {
    const { login, host } = await this.#authorization();
    return new OciRepository(this.#options.host ?? host, this.#options.repository, login);
  }

  async #authorization() {
    const { authorizationData } = await this.#client.send(new GetAuthorizationTokenCommand({}));
    const { authorizationToken: token, proxyEndpoint = '' } = authorizationData?.[0] ?? {};
    if (!token) throw new Error('ECR gave no authorization token.');
    const [username = '', ...rest] = Buffer.from(token, 'base64').toString().split(':');
    const host = proxyEndpoint.replace(/^https?:\/\//, '');
    return { login: { username, password: rest.join(':') }, host };
  }
}
