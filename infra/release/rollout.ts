import * as pulumi from '@pulumi/pulumi';
import type { Route } from './route.ts';
import type { Envelope } from '../receipt/envelope.ts';
import type { Built } from '../receipt/provenance.ts';
import type { AwsConnection } from './awsConnection.ts';
import type { RegistryArgs } from './imagePush.ts';

/** One new instance on a Docker engine. */
export interface DockerRolloutTarget {
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

/**
 * A service of the release on ECS, which Pulumi has told to run the new revision and did not wait
 * for.
 */
export interface EcsRolloutTarget {
  service: string;
  /** The ECS service's name. */
  name: pulumi.Input<string>;
  /** ARN with its revision. */
  taskDefinition: pulumi.Input<string>;
  /** The container whose exit code and log tell why a task failed. */
  container: string;
  /** How many tasks have to run at least. */
  replicas: number;
  /** ARN; for a service behind the load balancer. */
  targetGroup?: pulumi.Input<string>;
  /**
   * For a service that the public URL reaches; without it, as for a worker, ECS' own health
   * decides.
   */
  http?: { livenessPath: string; readinessPath: string };
}

/** The judging of ECS' deployments. */
interface EcsRolloutArgs extends AwsConnection {
  kind: 'ecs';
  /** Name or ARN. */
  cluster: pulumi.Input<string>;
  /**
   * The address of the load balancer, without a path at its end, where the new release has to
   * answer. Left out where `pulumi up` cannot reach it.
   */
  url?: pulumi.Input<string>;
  /** The image's digest in the registry, for the receipt. */
  repoDigest?: pulumi.Input<string>;
  /** Where the image lies: a release is marked there, and its proof put beside it. */
  registry?: RegistryArgs;
}

interface CommonRolloutArgs {
  /** The image the new instances run, `sha256:…`. Asked for their release, they must answer it. */
  release: pulumi.Input<string>;
  routes: Route[];
  /** How long proving and switching may take, seconds. */
  timeoutSeconds: number;
  signing: Signing;
  /** What the image was built from, where this stack has built it. */
  built?: Built | undefined;
}

/** Who signs the receipts of releases, and with what. */
export interface Signing {
  /** `<project>/<stack>`. */
  stack: string;
  /** 32 random bytes, base64, secret: of an Ed25519 key. */
  seed: pulumi.Input<string>;
  /** Signs instead: a key in KMS. */
  kms?: { arn: string; profile?: string | undefined; endpoint?: string | undefined } | undefined;
}

export interface DockerRelease extends CommonRolloutArgs {
  runner: DockerRolloutArgs;
  targets: pulumi.Input<DockerRolloutTarget[]>;
}

export interface EcsRelease extends CommonRolloutArgs {
  runner: EcsRolloutArgs;
  targets: pulumi.Input<EcsRolloutTarget[]>;
}

export type RolloutArgs = DockerRelease | EcsRelease;

/** The record of a release that served. */
export interface Receipt {
  release: string;
  /** Names of the instances that answered; on ECS, of the services' revisions. */
  instances: string[];
  /** The image's digest in the registry, where there is one. */
  repoDigest?: string;
  /** When it had proven itself, ISO 8601. */
  at: string;
  /** Its proof, signed by the stack; absent in receipts of versions that signed none. */
  attestation?: Envelope;
  /** The stack's word on how the image came to be, where it has built it. */
  provenance?: Envelope;
}

/**
 * A release, as a resource: it makes the new instances serve, proves that they do, and fails the
 * update otherwise, with the old instances serving on. `release` is what served last, recorded on
 * success only.
 */
export class Rollout extends pulumi.CustomResource {
  /** The image that serves. */
  declare readonly release: pulumi.Output<string>;
  /** The last releases that served, newest first, 50 at most. */
  declare readonly receipts: pulumi.Output<Receipt[]>;
  /** The public half of the key that signs them: base64 of its DER. */
  declare readonly signer: pulumi.Output<string>;

  constructor(name: string, args: RolloutArgs, opts?: pulumi.CustomResourceOptions) {
    super('slipway:index:Rollout', name, { receipts: undefined, signer: undefined, ...args }, opts);
  }
}
