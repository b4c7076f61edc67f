import { LogGroup } from '@pulumi/aws/cloudwatch/logGroup.js';
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicyAttachment } from '@pulumi/aws/iam/rolePolicyAttachment.js';
import { Instance, type InstanceArgs } from '@pulumi/aws/rds/instance.js';
import { ParameterGroup, type ParameterGroupArgs } from '@pulumi/aws/rds/parameterGroup.js';
import { SubnetGroup, type SubnetGroupArgs } from '@pulumi/aws/rds/subnetGroup.js';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import type { Database } from '../../platform.ts';
import type { DatabaseIdentity } from '../../release/migrationRun.ts';
import { restoreGeneration, type DatabaseRestore } from './databaseRestore.ts';
import type { RoleDefaults } from '../naming.ts';
import { policyDocument, type AwsPlace } from '../access/policies.ts';
import { postgresMajor, postgresParameters } from './postgresParameters.ts';
import type { DatabaseProfile } from '../../config/profile.ts';
import { transformed, type Transform } from '../transform.ts';

const user = 'slipway';
const databaseName = 'slipway';

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
  password: pulumi.Input<string>;
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
  /** The escape hatch: changes what an underlying resource is registered with. */
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
export class Postgres extends pulumi.ComponentResource implements Database {
  readonly url: pulumi.Output<string>;
  readonly identity: pulumi.Output<DatabaseIdentity>;
  /** By this CloudWatch, snapshots and a restore name the instance. */
  readonly identifier: pulumi.Output<string>;

  constructor(name: string, args: PostgresArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:Postgres', name, {}, opts);
    const { profile, protect, restore } = args;
    const generation = restoreGeneration(restore);
    const identifier = this.createIdentifier(name, args.prefix, generation);
    const subnetGroup = new SubnetGroup(
      ...transformed(
        args.transform?.subnetGroup,
        `${name}-subnets`,
        { subnetIds: args.subnetIds },
        { parent: this },
      ),
    );
    const parameterGroup = new ParameterGroup(
      ...transformed(
        args.transform?.parameterGroup,
        `${name}-parameters`,
        {
          family: `postgres${postgresMajor}`,
          description:
            'TLS only; slow statements, lock waits and spills are logged, without values',
          parameters: postgresParameters.map((parameter) => ({
            ...parameter,
            applyMethod: 'immediate',
          })),
        },
        { parent: this },
      ),
    );
    // RDS would create it without an end to its retention.
    const log = new LogGroup(
      `${name}-log`,
      {
        name: pulumi.interpolate`/aws/rds/instance/${identifier}/postgresql`,
        retentionInDays: args.logRetentionDays,
        kmsKeyId: args.logKmsKeyArn,
      },
      { parent: this },
    );
    const instance = new Instance(
      ...transformed<InstanceArgs>(
        args.transform?.instance,
        `${name}-instance`,
        {
          identifier,
          engine: 'postgres',
          // The major alone: minor versions come by themselves, in the maintenance window.
          engineVersion: String(postgresMajor),
          autoMinorVersionUpgrade: true,
          allowMajorVersionUpgrade: false,
          instanceClass: profile.instanceClass,
          multiAz: profile.multiAz,
          storageType: 'gp3',
          allocatedStorage: profile.storageGb,
          maxAllocatedStorage: profile.maxStorageGb,
          storageEncrypted: true,
          kmsKeyId: args.kmsKeyArn,
          ...origin(restore),
          username: user,
          password: args.password,
          dbSubnetGroupName: subnetGroup.name,
          vpcSecurityGroupIds: [args.securityGroupId],
          publiclyAccessible: false,
          caCertIdentifier: 'rds-ca-rsa2048-g1',
          parameterGroupName: parameterGroup.name,
          // UTC.
          backupWindow: '02:00-03:00',
          maintenanceWindow: 'sun:03:30-sun:04:30',
          backupRetentionPeriod: profile.backupDays,
          copyTagsToSnapshot: true,
          deleteAutomatedBackups: !protect,
          deletionProtection: protect,
          skipFinalSnapshot: !protect,
          finalSnapshotIdentifier: pulumi.interpolate`${identifier}-final`,
          enabledCloudwatchLogsExports: ['postgresql'],
          ...this.insights(name, args),
          // An update does what its preview showed, instead of waiting for the maintenance window.
          applyImmediately: true,
        },
        {
          parent: this,
          protect,
          dependsOn: [log],
          // A restored instance keeps the key of its backup.
          ...(restore && { ignoreChanges: ['kmsKeyId'] }),
        },
      ),
    );
    const { address, port, resourceId, endpoint } = instance;
    this.identifier = instance.identifier;
    this.url = pulumi.secret(
      pulumi.interpolate`postgres://${user}:${args.password}@${address}:${port}/${databaseName}?sslmode=verify-full&sslrootcert=${caFile}`,
    );
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
  private createIdentifier(
    name: string,
    prefix: string,
    generation: string,
  ): pulumi.Output<string> {
    const logicalName = generation ? `${name}-id-${generation}` : `${name}-id`;
    const { hex } = new random.RandomId(logicalName, { byteLength: 4 }, { parent: this });
    return pulumi.interpolate`${prefix}-${hex}`;
  }

  private insights(name: string, args: PostgresArgs): Partial<InstanceArgs> {
    const { monitoringSeconds, performanceInsights } = args.profile;
    return {
      ...(performanceInsights && {
        performanceInsightsEnabled: true,
        performanceInsightsKmsKeyId: args.kmsKeyArn,
        performanceInsightsRetentionPeriod: 7,
      }),
      ...(monitoringSeconds > 0 && {
        monitoringInterval: monitoringSeconds,
        monitoringRoleArn: this.monitoringRole(name, args),
      }),
    };
  }

  private monitoringRole(
    name: string,
    { place, roleDefaults }: PostgresArgs,
  ): pulumi.Output<string> {
    const role = new Role(
      `${name}-monitoring`,
      {
        ...roleDefaults,
        assumeRolePolicy: policyDocument([
          {
            Effect: 'Allow',
            Principal: { Service: 'monitoring.rds.amazonaws.com' },
            Action: 'sts:AssumeRole',
            Condition: { StringEquals: { 'aws:SourceAccount': place.accountId } },
          },
        ]),
      },
      { parent: this },
    );
    const attachment = new RolePolicyAttachment(
      `${name}-monitoring`,
      {
        role: role.name,
        policyArn: `arn:${place.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole`,
      },
      { parent: this },
    );
    return pulumi.all([role.arn, attachment.id]).apply(([arn]) => arn);
  }
}

/**
 * What an instance begins with: nothing, a snapshot, or another instance's state at a point in
 * time.
 */
function origin(restore: DatabaseRestore | undefined): Partial<InstanceArgs> {
  if (!restore) return { dbName: databaseName };
  if ('snapshot' in restore) return { snapshotIdentifier: restore.snapshot };
  return {
    restoreToPointInTime: { sourceDbInstanceIdentifier: restore.source, restoreTime: restore.time },
  };
}
