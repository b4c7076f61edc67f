import type * as pulumi from '@pulumi/pulumi';
import type { MigrationBlueprint, Route, ServiceBlueprint } from './blueprint.ts';
import type { Config } from './config/config.ts';
import type { Environment } from './environment.ts';
import type { StackIdentity } from './docker-engine/labels.ts';
import type { DatabaseIdentity, MigrationFile, MigrationRun } from './release/migrationRun.ts';
import type { Rollout } from './release/rollout.ts';
import type { AppSecrets } from './secrets.ts';

/** A Postgres database that the app's containers can reach. */
export interface Database {
  /** `postgres://…`, secret. */
  url: pulumi.Output<string>;
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
  /** The migrations this very image carries. */
  migrations: pulumi.Output<MigrationFile[]>;
}

/** Instances of one service. They exist beside the old ones until a rollout switches to them. */
export interface RunningService {
  blueprint: ServiceBlueprint;
}

/** What a platform renders the blueprint with. */
export interface PlatformArgs {
  config: Config;
  identity: StackIdentity;
  secrets: AppSecrets;
}

/** What both platforms implement, in the order in which the program calls it. */
export interface Platform<S extends RunningService = RunningService> {
  readonly database: Database;
  readonly cache: Cache;
  readonly image: AppImage;
  /** Where people reach the system. */
  readonly publicUrl: pulumi.Output<string>;

  /** Runs the migrations as a one-off task of the new image. */
  migrate(blueprint: MigrationBlueprint, environment: Environment): MigrationRun;
  /** Creates the new instances of a service, once the migrations are through. */
  run(blueprint: ServiceBlueprint, environment: Environment, migrations: MigrationRun): S;
  /** Makes the new instances serve, proves that they do, and fails the update otherwise. */
  rollout(services: S[], routes: Route[], migrations: MigrationRun): Rollout;
  /** Outputs of this platform alone. */
  outputs(): Record<string, pulumi.Input<unknown>>;
}
