import * as pulumi from '@pulumi/pulumi';
import type { Phase } from '../../migrations/runner/files/header.ts';
import type { AwsConnection } from './awsConnection.ts';
import type { CompatibilityArgs } from './compatibilityArgs.ts';

/** Tells one database from another. */
export interface DatabaseIdentity {
  /** Id of the resource that holds the data. */
  id: string;
  /** Host and port. */
  endpoint: string;
  /** Distinguishes a restored database at the same address from the one before. */
  generation: string;
}

/** A migration that an image carries. */
export interface MigrationFile {
  /** File name without its direction, such as `0001_users`. */
  name: string;
  /** SHA-256 of the file as the runner computes it, hexadecimal. */
  checksum: string;
  /** As its header says; absent where it does not. */
  phase?: Phase | undefined;
  /** Absent: not known, as with an image built before this was recorded. */
  reversible?: boolean | undefined;
}

/** How to run the task on a Docker engine. */
export interface DockerTaskArgs {
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
  /** Where the compatibility check finds the deployed version and its database. */
  compatibility?: DockerCompatibilityTargets;
}

export interface DockerCompatibilityTargets {
  /** Labels of the app's containers; a failed release may have left some that never served. */
  deployedLabels: Record<string, string>;
  /** Labels of the gateway, which knows the containers that serve. */
  gatewayLabels: Record<string, string>;
  /** The stack's Postgres, by the labels of its container. */
  database: {
    labels: Record<string, string>;
    /** The role that owns the tables. */
    owner: string;
    /** The role that the services sign in with. */
    user: string;
    name: string;
  };
  /**
   * Labels of what the check starts; by them the next run and `make destroy` find what a killed one
   * left.
   */
  labels: Record<string, string>;
  /** How the names of the check's networks begin. */
  name: string;
}

/**
 * How to run the task on ECS. The task definition holds the image, the roles, the environment and
 * the secrets.
 */
export interface EcsTaskArgs extends AwsConnection {
  kind: 'ecs';
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
  /** Whether an error of the lint fails a preview or is shown as a warning; `off`: no lint. */
  lint: 'error' | 'warning' | 'off';
  /** Another database gets all migrations. */
  database: pulumi.Input<DatabaseIdentity>;
  /** Changes with the login of the services: the task makes their role. */
  login: pulumi.Input<string>;
  /** The Postgres schema in it; another one is another database to the migrations. */
  schema: string;
  /** Arguments of the image's entry point, such as `['migrate', 'up']`. */
  command: string[];
  /** A second task after a successful migration; empty for none. */
  seedCommand: string[];
  /** After this the task is stopped and the update fails, seconds. */
  timeoutSeconds: number;
  runner: DockerTaskArgs | EcsTaskArgs;
  /** For the compatibility check before migrations run; left out, there is no check. */
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
