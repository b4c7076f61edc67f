import type * as pulumi from '@pulumi/pulumi';
import type { MigrationBlueprint, ServiceBlueprint } from './blueprint.ts';
import type { Built } from './receipt/provenance.ts';
import type { Route } from './release/route.ts';
import type { Environment } from './environment.ts';
import type { DatabaseIdentity, MigrationFile, MigrationRun } from './release/migrationRun.ts';
import type { Rollout } from './release/rollout.ts';
import type { AppSecrets } from './secrets.ts';

/** A Postgres database that the app's containers can reach. */
export interface Database {
  /** `postgres://…` for the services, who read and write rows; secret. */
  url: pulumi.Output<string>;
  /** `postgres://…` for the migrations, who own the tables; secret. */
  ownerUrl: pulumi.Output<string>;
  /** Changes when the database is another one: created anew, or restored. */
  identity: pulumi.Output<DatabaseIdentity>;
}

/** A Valkey that the app's containers can reach. */
export interface Cache {
  /** `redis://…` or `rediss://…`, secret. */
  url: pulumi.Output<string>;
}

/** The app image: one image with every role. */
export interface AppImage {
  /** The image's config digest, `sha256:…`: its identity on every platform. */
  imageId: pulumi.Output<string>;
  /** What the Docker engine calls it: another digest in containerd's image store. */
  engineId: pulumi.Output<string>;
  /** The migrations this very image carries. */
  migrations: pulumi.Output<MigrationFile[]>;
  /** The source and base image, where this stack builds it. */
  built?: Built;
}

/** Outputs of the stack, by name. */
export type Outputs = Record<string, pulumi.Input<unknown>>;

/** The migrations of a release. Every service waits for them. */
export interface Migrations {
  run: MigrationRun;
  outputs: Outputs;
}

/** Instances of one service. They exist beside the old ones until a rollout switches to them. */
export interface RunningService {
  blueprint: ServiceBlueprint;
}

/** How people see that the stack is well. */
export interface Observed {
  outputs: Outputs;
}

/** Registers the platform's own resources, with the stack's secrets. */
export type CreatePlatform = (secrets: AppSecrets) => Platform;

/**
 * Both platforms implement this. The program calls the methods in this order; each returns what it
 * made, and the next ones take it.
 */
export interface Platform<
  M extends Migrations = Migrations,
  S extends RunningService = RunningService,
> {
  readonly database: Database;
  readonly cache: Cache;
  readonly image: AppImage;
  /** Where people reach the system. */
  readonly publicUrl: pulumi.Output<string>;
  readonly outputs: Outputs;

  /** Runs the migrations as a one-off task of the new image. */
  migrate(blueprint: MigrationBlueprint, environment: Environment): M;
  /** Creates the new instances of a service, once the migrations are through. */
  run(blueprint: ServiceBlueprint, environment: Environment, migrations: M): S;
  /** Makes the new instances serve, proves that they do, and fails the update otherwise. */
  rollout(services: S[], routes: Route[], migrations: M): Rollout;
  /** Watches the stack, and tells people when something is wrong with it. */
  observe(services: S[], migrations: M): Observed;
}
