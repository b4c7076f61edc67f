import { Secret, type SecretArgs } from '@pulumi/aws/secretsmanager/secret.js';
import { SecretVersion } from '@pulumi/aws/secretsmanager/secretVersion.js';
import * as pulumi from '@pulumi/pulumi';
import { Component, type Transform } from '../../component.ts';

export interface SecretStoreArgs {
  /** Such as `prod`, for the secrets' descriptions. */
  stack: string;
  kmsKeyArn: pulumi.Input<string>;
  /** A deleted secret can be had back for 30 days; without, it is gone at once. */
  protect: boolean;
  /** Changes the secrets, applied last. */
  transform?: { secret?: Transform<SecretArgs> };
}

/** Where a task finds the value of a secret variable. */
export interface SecretReference {
  /** A role needs the right to read this. */
  arn: pulumi.Output<string>;
  /**
   * The very version, as a task definition names it: another value makes another task definition,
   * and so a rollout.
   */
  valueFrom: pulumi.Output<string>;
}

/** One Secrets Manager secret for each secret of the app. */
export class SecretStore extends Component {
  readonly #args: SecretStoreArgs;
  readonly #references = new Map<string, SecretReference>();

  constructor(name: string, args: SecretStoreArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:SecretStore', name, opts);
    this.#args = args;
    this.registerOutputs({});
  }

  /**
   * Keeps the value, once for all that use it.
   *
   * @param name such as `database-url`; it has one value in a stack
   */
  reference(name: string, value: pulumi.Input<string>): SecretReference {
    const known = this.#references.get(name);
    if (known) return known;
    const { stack, kmsKeyArn, protect, transform } = this.#args;
    const secret = this.child(
      Secret,
      name,
      {
        description: `${name} of the app, stack ${stack}`,
        kmsKeyId: kmsKeyArn,
        recoveryWindowInDays: protect ? 30 : 0,
      },
      { transform: transform?.secret },
    );
    const version = this.child(
      SecretVersion,
      `${name}-value`,
      { secretId: secret.id, secretString: pulumi.secret(value) },
      // Tasks of the release before name the version before: it stays until the secret goes.
      { retainOnDelete: true },
    );
    const reference = {
      arn: secret.arn,
      valueFrom: pulumi.interpolate`${secret.arn}:::${version.versionId}`,
    };
    this.#references.set(name, reference);
    return reference;
  }
}
