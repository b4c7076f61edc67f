import { LifecyclePolicy } from '@pulumi/aws/ecr/lifecyclePolicy.js';
import { Repository, type RepositoryArgs } from '@pulumi/aws/ecr/repository.js';
import type * as pulumi from '@pulumi/pulumi';
import { Component, type Transform } from '../../component.ts';
import { releasedPrefix } from '../../registry/imageTag.ts';
import { ImagePush, type ImagePushArgs } from '../../release/imagePush.ts';

export interface RegistryArgs {
  /** The repository's name, such as `slipway-prod/app`. */
  repositoryName: string;
  /** Id of an image on the Docker engine. */
  image: pulumi.Input<string>;
  dockerHost: string;
  region: string;
  /** A profile of `~/.aws/config`; by default AWS_PROFILE, or what the environment holds. */
  profile?: string | undefined;
  /** Where the ECR API is, when it is an emulator's. */
  endpoint?: string | undefined;
  /** In place of ECR's own address, where that does not resolve. */
  registryHost?: string | undefined;
  /** A key of our own, instead of ECR's. */
  kmsKeyArn?: pulumi.Input<string> | undefined;
  /** A repository with images in it is not deleted. */
  protect: boolean;
  /** Changes the repository, applied last. */
  transform?: { repository?: Transform<RepositoryArgs> };
}

/** How many images are kept that were pushed and never released. */
const keptImages = 50;

/** More than ever have the mark: each release takes it from those that no receipt names any more. */
const keptReleases = 1000;

/** An ECR repository with the stack's image in it. */
export class Registry extends Component {
  readonly repositoryArn: pulumi.Output<string>;
  /** Tasks run this image, `<repository>@<digest>`: known once the push was read back. */
  readonly reference: pulumi.Output<string>;
  readonly repoDigest: pulumi.Output<string>;
  readonly place: ImagePushArgs['registry'];

  constructor(name: string, args: RegistryArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:Registry', name, opts);
    const repository = this.child(
      Repository,
      '',
      {
        name: args.repositoryName,
        imageTagMutability: 'IMMUTABLE',
        imageScanningConfiguration: { scanOnPush: true },
        encryptionConfigurations: [
          args.kmsKeyArn
            ? { encryptionType: 'KMS', kmsKey: args.kmsKeyArn }
            : { encryptionType: 'AES256' },
        ],
        forceDelete: !args.protect,
      },
      { transform: args.transform?.repository },
    );
    this.child(LifecyclePolicy, 'lifecycle', {
      repository: repository.name,
      policy: lifecyclePolicy(),
    });
    this.place = {
      repository: repository.name,
      host: args.registryHost ?? repository.repositoryUrl.apply((url) => url.split('/')[0] ?? url),
      region: args.region,
      ...(args.profile !== undefined && { profile: args.profile }),
      ...(args.endpoint !== undefined && { endpoint: args.endpoint }),
    };
    const push = this.child(ImagePush, 'push', {
      image: args.image,
      dockerHost: args.dockerHost,
      registry: this.place,
    });
    this.repositoryArn = repository.arn;
    this.reference = push.reference;
    this.repoDigest = push.repoDigest;
    this.registerOutputs({});
  }
}

function lifecyclePolicy(): string {
  const rule = (rulePriority: number, description: string, selection: object) => ({
    rulePriority,
    description,
    selection,
    action: { type: 'expire' },
  });
  return JSON.stringify({
    rules: [
      // An image that one rule is about, no later rule expires.
      rule(1, 'None that a receipt names, and no proof of it', {
        tagStatus: 'tagged',
        tagPrefixList: [releasedPrefix],
        countType: 'imageCountMoreThan',
        countNumber: keptReleases,
      }),
      rule(2, 'Uploads that were cut off', {
        tagStatus: 'untagged',
        countType: 'sinceImagePushed',
        countUnit: 'days',
        countNumber: 7,
      }),
      rule(3, `All others but the last ${keptImages}`, {
        tagStatus: 'any',
        countType: 'imageCountMoreThan',
        countNumber: keptImages,
      }),
    ],
  });
}
