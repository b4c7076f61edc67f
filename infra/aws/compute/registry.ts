import { LifecyclePolicy } from '@pulumi/aws/ecr/lifecyclePolicy.js';
import { Repository, type RepositoryArgs } from '@pulumi/aws/ecr/repository.js';
import * as pulumi from '@pulumi/pulumi';
import { ImagePush } from '../../release/imagePush.ts';
import { transformed, type Transform } from '../transform.ts';

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
  /** The escape hatch: changes what the repository is registered with. */
  transform?: { repository?: Transform<RepositoryArgs> };
}

/** How many images are kept: each release is one, and a step back wants an older one. */
const keptImages = 50;

/** An ECR repository with the stack's image in it. */
export class Registry extends pulumi.ComponentResource {
  readonly repositoryArn: pulumi.Output<string>;
  /** What tasks run, `<repository>@<digest>`: known once the push was read back. */
  readonly reference: pulumi.Output<string>;
  readonly repoDigest: pulumi.Output<string>;

  constructor(name: string, args: RegistryArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:Registry', name, {}, opts);
    const repository = new Repository(
      ...transformed<RepositoryArgs>(
        args.transform?.repository,
        name,
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
        { parent: this },
      ),
    );
    new LifecyclePolicy(
      `${name}-lifecycle`,
      { repository: repository.name, policy: lifecyclePolicy() },
      { parent: this },
    );
    const push = new ImagePush(
      `${name}-push`,
      {
        image: args.image,
        dockerHost: args.dockerHost,
        registry: {
          repository: repository.name,
          host:
            args.registryHost ?? repository.repositoryUrl.apply((url) => url.split('/')[0] ?? url),
          region: args.region,
          ...(args.profile !== undefined && { profile: args.profile }),
          ...(args.endpoint !== undefined && { endpoint: args.endpoint }),
        },
      },
      { parent: this },
    );
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
      rule(1, 'Uploads that were cut off', {
        tagStatus: 'untagged',
        countType: 'sinceImagePushed',
        countUnit: 'days',
        countNumber: 7,
      }),
      rule(2, `All but the last ${keptImages}`, {
        tagStatus: 'any',
        countType: 'imageCountMoreThan',
        countNumber: keptImages,
      }),
    ],
  });
}
