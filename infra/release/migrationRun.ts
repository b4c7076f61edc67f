import * as pulumi from '@pulumi/pulumi';
import type { CompatibilityArgs } from '../provider/compatibility/compatibilityCheck.ts';
import type { DatabaseIdentity, MigrationFile } from '../platform.ts';

/** How to run the task on a Docker engine. */
interface DockerTaskArgs {
  kind: 'docker';
  /** Such as `unix:///var/run/docker.sock`. */
  host: string;
  network: pulumi.Input<string>;
  /**
   * Labels of the task's container; by them a task that outlived a killed update is found again.
   */
  labels: Record<string, string>;
  memoryMb: number;
  /** `NAME=value` lines, secret. */
  envs: pulumi.Input<string[]>;
  /** Where to find what the check of the deployed version works with. */
  compatibility?: DockerCompatibilityTargets;
}

export interface DockerCompatibilityTargets {
  /** Labels of the app's containers, and of the gateway, which knows those that serve. */
  deployedLabels: Record<string, string>;
  gatewayLabels: Record<string, string>;
  /** The stack's Postgres, by the labels of its container. */
  database: { labels: Record<string, string>; user: string; name: string };
  /**
   * Labels of what the check starts; by them the next run and `make destroy` find what a killed one
   * left.
   */
  labels: Record<string, string>;
  /** What the names of the check's networks begin with. */
  name: string;
}

/**
 * How to run the task on ECS. The task definition holds the image, the roles, the environment and
 * the secrets.
 */
interface EcsTaskArgs {
  kind: 'ecs';
  /**
   * Such as `eu-central-1`. Credentials are never an input: the provider's process takes them from
   * its environment.
   */
  region: pulumi.Input<string>;
  /** Profile of `~/.aws/config`, as in `aws:profile`; by default what the environment says. */
  profile?: string;
  /** Other addresses than AWS' own, for an emulator. */
  endpoints?: { ecs?: string; logs?: string; elbv2?: string };
  /** Name or ARN. */
  cluster: pulumi.Input<string>;
  /**
   * ARN with its revision. It must log with `awslogs` and a stream prefix for its lines to be
   * shown.
   */
  taskDefinition: pulumi.Input<string>;
  /** The container of the task definition that runs the command and whose exit code counts. */
  container: string;
  /** The subnets and security groups of the services, so that the task reaches what they reach. */
  subnets: pulumi.Input<pulumi.Input<string>[]>;
  securityGroups: pulumi.Input<pulumi.Input<string>[]>;
  /** True where the subnets have no NAT gateway and no endpoints. */
  assignPublicIp: boolean;
  /**
   * Instead of the launch type FARGATE; not a spot one, which AWS may stop in the middle of a file.
   */
  capacityProvider?: string;
  /**
   * Tags of the task, this stack's alone; by them a task that outlived a killed update is found
   * again.
   */
  tags: Record<string, string>;
}

export interface MigrationRunArgs {
  /** Id of the image whose migrations run, `sha256:…`. */
  image: pulumi.Input<string>;
  /** The migrations this image carries, in order. What is new among them shows in a preview. */
  files: pulumi.Input<MigrationFile[]>;
  /**
   * Names of migrations that a person lets pass: an early contract step, or a file that the state
   * is wrong about.
   */
  force: string[];
  /**
   * What an error of the lint does to a preview: fails it, is shown as a warning, or is not looked
   * for.
   */
  lint: 'error' | 'warning' | 'off';
  /** Which database: another one gets all migrations. */
  database: pulumi.Input<DatabaseIdentity>;
  /** The Postgres schema in it; another one is another database to the migrations. */
  schema: string;
  /** Arguments of the image's entry point, such as `['migrate', 'up']`. */
  command: string[];
  /** A second task after a successful migration; empty for none. */
  seedCommand: string[];
  /** After this the task is stopped and the update fails, seconds. */
  timeoutSeconds: number;
  runner: DockerTaskArgs | EcsTaskArgs;
  /**
   * How to check, before migrations run, that the deployed version works on their schema; left out,
   * it is not checked.
   */
  compatibility?: CompatibilityArgs;
}

/**
 * The migrations of a release, as a resource: a preview shows which will run, an update runs them
 * as a one-off task of the new image and fails when they do, before anything that depends on it is
 * touched. Deleting it runs nothing, and a shorter list never reverts.
 */
export class MigrationRun extends pulumi.CustomResource {
  /** The image whose migrations ran last. */
  declare readonly image: pulumi.Output<string>;

  constructor(name: string, args: MigrationRunArgs, opts?: pulumi.CustomResourceOptions) {
    super('slipway:index:MigrationRun', name, { ...args }, opts);
  }
}
