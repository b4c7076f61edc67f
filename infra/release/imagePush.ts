import * as pulumi from '@pulumi/pulumi';

/**
 * An ECR repository, and how to get in. Credentials come from the environment and never reach the
 * state.
 */
export interface RegistryArgs {
  /** The repository's name. */
  repository: pulumi.Input<string>;
  /**
   * Where the engine pushes to and tasks pull from: the registry's host, such as
   * `123456789012.dkr.ecr.eu-central-1.amazonaws.com`.
   */
  host: pulumi.Input<string>;
  region: string;
  /** A profile of `~/.aws/config`; by default AWS_PROFILE, or what the environment holds. */
  profile?: string | undefined;
  /** Another address of the ECR API than AWS' own, for an emulator. */
  endpoint?: string | undefined;
}

export interface ImagePushArgs {
  /** Id of an image on the Docker engine, `sha256:…`. */
  image: pulumi.Input<string>;
  /** The engine that has the image, such as `unix:///var/run/docker.sock`. */
  dockerHost: string;
  registry: RegistryArgs;
}

/**
 * An image in a registry: pushed once, read back, and only then named. A push that was cut off, or
 * whose outcome was lost, is taken up: what is there already is not pushed again, for a repository
 * with immutable tags refuses even the same image.
 */
export class ImagePush extends pulumi.CustomResource {
  /** The name that tasks run it by: `<host>/<repository>@<repoDigest>`. */
  declare readonly reference: pulumi.Output<string>;
  /** Digest of the manifest in the registry, `sha256:…`. */
  declare readonly repoDigest: pulumi.Output<string>;

  constructor(name: string, args: ImagePushArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      'slipway:index:ImagePush',
      name,
      { reference: undefined, repoDigest: undefined, ...args },
      opts,
    );
  }
}
