import { LogGroup } from '@pulumi/aws/cloudwatch/logGroup.js';
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicyAttachment } from '@pulumi/aws/iam/rolePolicyAttachment.js';
import { Instance, type InstanceArgs } from '@pulumi/aws/rds/instance.js';
import { ParameterGroup, type ParameterGroupArgs } from '@pulumi/aws/rds/parameterGroup.js';
import { SubnetGroup, type SubnetGroupArgs } from '@pulumi/aws/rds/subnetGroup.js';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { Component, type Transform } from '../../component.ts';
import { databaseName, databaseOwner, databaseUser } from '../../config/database.ts';
import type { DatabaseProfile } from '../../config/profile.ts';
import type { Database } from '../../platform.ts';
import type { DatabaseIdentity } from '../../release/migrationRun.ts';
import { serviceTrustPolicy } from '../access/policies.ts';
import type { AwsPlace, RoleDefaults } from '../naming.ts';
import { restoreGeneration, type DatabaseRestore } from './databaseRestore.ts';
import { postgresMajor, postgresParameters } from './postgresParameters.ts';

/** Where the image keeps the certificates that sign those of RDS. */
const caFile = '/app/certificates/rds.crt';

export interface PostgresArgs {
  /** Begins the instance's identifier, such as `slipway-prod`. */
  prefix: string;
  place: AwsPlace;
  roleDefaults: RoleDefaults;
  profile: DatabaseProfile;
  subnetIds: pulumi.Input<string>[];
  securityGroupId: pulumi.Input<string>;
  ownerPassword: pulumi.Input<string>;
  userPassword: pulumi.Input<string>;
  /** Encrypts storage, backups, snapshots and Performance Insights. */
  kmsKeyArn: pulumi.Input<string>;
  /** Encrypts the exported log. */
  logKmsKeyArn: pulumi.Input<string>;
  logRetentionDays: number;
  /** Refuses a deletion, and keeps a last snapshot and the backups after one. */
  protect: boolean;
  /**
   * Begin with this data. It stays set for as long as the database lives: another value makes
   * another database.
   */
  restore?: DatabaseRestore | undefined;
  /** Changes the underlying resources, applied last. */
  transform?: {
    instance?: Transform<InstanceArgs>;
    parameterGroup?: Transform<ParameterGroupArgs>;
    subnetGroup?: Transform<SubnetGroupArgs>;
  };
}

/**
 * RDS for PostgreSQL: encrypted, reachable from the tasks alone and by TLS alone, with
 * point-in-time recovery.
 */
export class Postgres extends Component implements Database {
  readonly url: pulumi.Output<string>;
  readonly ownerUrl: pulumi.Output<string>;
  readonly identity: pulumi.Output<DatabaseIdentity>;
  /** By this CloudWatch, snapshots and a restore name the instance. */
  readonly identifier: pulumi.Output<string>;

  constructor(name: string, args: PostgresArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:Postgres', name, opts);
    const generation = restoreGeneration(args.restore);
    const identifier = this.#createIdentifier(args.prefix, generation);
    const log = this.#createLog(identifier, args);
    const instance = this.#createInstance(identifier, log, args);

    const { address, port, resourceId, endpoint } = instance;
    this.identifier = instance.identifier;
    const url = (user: string, password: pulumi.Input<string>) =>
      pulumi.secret(
        pulumi.interpolate`postgres://${user}:${password}@${address}:${port}/${databaseName}?sslmode=verify-full&sslrootcert=${caFile}`,
      );
    this.url = url(databaseUser, args.userPassword);
    this.ownerUrl = url(databaseOwner, args.ownerPassword);
    this.identity = pulumi.all([resourceId, endpoint]).apply(([id, endpoint]) => ({
      id,
      endpoint,
      generation: generation || String(postgresMajor),
    }));
    this.registerOutputs({});
  }

  /**
   * Known before the instance is there, so that its log group can be; a name of its own for each
   * origin of the data.
   */
  #createIdentifier(prefix: string, generation: string): pulumi.Output<string> {
    const role = generation ? `id-${generation}` : 'id';
    const { hex } = this.child(random.RandomId, role, { byteLength: 4 });
    return pulumi.interpolate`${prefix}-${hex}`;
  }

  /** RDS would create it without an end to its retention. */
  #createLog(identifier: pulumi.Output<string>, args: PostgresArgs): LogGroup {
    return this.child(LogGroup, 'log', {
      name: pulumi.interpolate`/aws/rds/instance/${identifier}/postgresql`,
      retentionInDays: args.logRetentionDays,
      kmsKeyId: args.logKmsKeyArn,
    });
  }

  #createInstance(identifier: pulumi.Output<string>, log: LogGroup, args: PostgresArgs): Instance {
    const { profile, protect, restore, transform } = args;
    return this.child(
      Instance,
      'instance',
      {
        identifier,
        ...engine,
        instanceClass: profile.instanceClass,
        multiAz: profile.multiAz,
        storageType: 'gp3',
        allocatedStorage: profile.storageGb,
        maxAllocatedStorage: profile.maxStorageGb,
        storageEncrypted: true,
        kmsKeyId: args.kmsKeyArn,
        ...origin(restore),
        username: databaseOwner,
        password: args.ownerPassword,
        dbSubnetGroupName: this.#createSubnetGroup(args).name,
        vpcSecurityGroupIds: [args.securityGroupId],
        publiclyAccessible: false,
        caCertIdentifier: 'rds-ca-rsa2048-g1',
        parameterGroupName: this.#createParameterGroup(args).name,
        ...backups(identifier, args),
        enabledCloudwatchLogsExports: ['postgresql'],
        ...this.#insights(args),
        // An update does what its preview showed, instead of waiting for the maintenance window.
        applyImmediately: true,
      },
      {
        protect,
        dependsOn: [log],
        // A restored instance keeps the key of its backup.
        ...(restore && { ignoreChanges: ['kmsKeyId'] }),
        transform: transform?.instance,
      },
    );
  }

  #createSubnetGroup({ subnetIds, transform }: PostgresArgs): SubnetGroup {
    return this.child(SubnetGroup, 'subnets', { subnetIds }, { transform: transform?.subnetGroup });
  }

  #createParameterGroup({ transform }: PostgresArgs): ParameterGroup {
    return this.child(
      ParameterGroup,
      'parameters',
      {
        family: `postgres${postgresMajor}`,
        description: 'TLS only; slow statements, lock waits and spills are logged, without values',
        parameters: postgresParameters.map((parameter) => ({
          ...parameter,
          applyMethod: 'immediate',
        })),
      },
      { transform: transform?.parameterGroup },
    );
  }

  #insights(args: PostgresArgs): Partial<InstanceArgs> {
    const { monitoringSeconds, performanceInsights } = args.profile;
    return {
      ...(performanceInsights && {
        performanceInsightsEnabled: true,
        performanceInsightsKmsKeyId: args.kmsKeyArn,
        performanceInsightsRetentionPeriod: 7,
      }),
      ...(monitoringSeconds > 0 && {
        monitoringInterval: monitoringSeconds,
        monitoringRoleArn: this.#createMonitoringRole(args),
      }),
    };
  }

  #createMonitoringRole({ place, roleDefaults }: PostgresArgs): pulumi.Output<string> {
    const role = this.child(Role, 'monitoring', {
      ...roleDefaults,
      assumeRolePolicy: serviceTrustPolicy('monitoring.rds.amazonaws.com', place),
    });
    const attachment = this.child(RolePolicyAttachment, 'monitoring', {
      role: role.name,
      policyArn: `arn:${place.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole`,
    });
    return pulumi.all([role.arn, attachment.id]).apply(([arn]) => arn);
  }
}

const engine = {
  engine: 'postgres',
  // The major alone: minor versions come by themselves, in the maintenance window.
  engineVersion: String(postgresMajor),
  autoMinorVersionUpgrade: true,
  allowMajorVersionUpgrade: false,
  // UTC.
  maintenanceWindow: 'sun:03:30-sun:04:30',
};

/** How long backups are kept, and what is left of a database that is deleted. */
function backups(
  identifier: pulumi.Output<string>,
  { profile, protect }: PostgresArgs,
): Partial<InstanceArgs> {
  return {
    // UTC.
    backupWindow: '02:00-03:00',
    backupRetentionPeriod: profile.backupDays,
    copyTagsToSnapshot: true,
    deleteAutomatedBackups: !protect,
    deletionProtection: protect,
    skipFinalSnapshot: !protect,
    finalSnapshotIdentifier: pulumi.interpolate`${identifier}-final`,
  };
}

/**
 * An instance begins with nothing, with a snapshot, or with another instance's state at a point in
 * time.
 */
function origin(restore: DatabaseRestore | undefined): Partial<InstanceArgs> {
  if (!restore) return { dbName: databaseName };
  if ('snapshot' in restore) return { snapshotIdentifier: restore.snapshot };
  return {
    restoreToPointInTime: { sourceDbInstanceIdentifier: restore.source, restoreTime: restore.time },
  };
}
