import * as pulumi from '@pulumi/pulumi';
import type { Route } from '../blueprint.ts';

/** One new instance. */
interface RolloutTarget {
  service: string;
  /** The container's name, by which the gateway reaches it. */
  name: pulumi.Input<string>;
  /** The container's id; its first 12 digits are what the instance calls itself. */
  id: pulumi.Input<string>;
  port: number;
  livenessPath: string;
  readinessPath: string;
}

/** A switch of the nginx gateway on a Docker engine. */
interface DockerRolloutArgs {
  kind: 'docker';
  /** Such as `unix:///var/run/docker.sock`. */
  host: string;
  /** Id of the gateway's container. */
  gateway: pulumi.Input<string>;
  /** Labels of the stack's images: older ones are removed after a success. */
  imageLabels: Record<string, string>;
}

export interface RolloutArgs {
  /** The image the new instances run, `sha256:…`: what they must answer when asked for their release. */
  release: pulumi.Input<string>;
  targets: pulumi.Input<RolloutTarget[]>;
  routes: Route[];
  /** How long proving and switching may take, seconds. */
  timeoutSeconds: number;
  runner: DockerRolloutArgs;
}

/** What is kept of a release that served. */
export interface Receipt {
  release: string;
  /** Names of the instances that answered. */
  instances: string[];
  /** When it had proven itself, ISO 8601. */
  at: string;
}

/**
 * A release, as a resource: it makes the new instances serve, proves that they do, and fails the update otherwise, with the
 * old instances serving on. `release` is what served last, recorded on success only.
 */
export class Rollout extends pulumi.CustomResource {
  /** The image that serves. */
  declare readonly release: pulumi.Output<string>;
  /** The last releases that served, newest first, 50 at most. */
  declare readonly receipts: pulumi.Output<Receipt[]>;

  constructor(name: string, args: RolloutArgs, opts?: pulumi.CustomResourceOptions) {
    super('slipway:index:Rollout', name, { receipts: undefined, ...args }, opts);
  }
}
