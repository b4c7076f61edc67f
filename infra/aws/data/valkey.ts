import { LogGroup } from '@pulumi/aws/cloudwatch/logGroup.js';
import { ParameterGroup, type ParameterGroupArgs } from '@pulumi/aws/elasticache/parameterGroup.js';
import {
  ReplicationGroup,
  type ReplicationGroupArgs,
} from '@pulumi/aws/elasticache/replicationGroup.js';
import { SubnetGroup } from '@pulumi/aws/elasticache/subnetGroup.js';
import * as pulumi from '@pulumi/pulumi';
import type { Cache } from '../../platform.ts';
import type { CacheProfile } from '../../config/profile.ts';
import { transformed, type Transform } from '../transform.ts';

export interface ValkeyArgs {
  /** Such as `/slipway/prod/valkey`. */
  logGroupName: string;
  profile: CacheProfile;
  subnetIds: pulumi.Input<string>[];
  securityGroupId: pulumi.Input<string>;
  /** 16 to 128 characters. */
  password: pulumi.Input<string>;
  /** Encrypts storage, snapshots and the log. */
  kmsKeyArn: pulumi.Input<string>;
  logRetentionDays: number;
  /** Refuses a deletion. */
  protect: boolean;
  /** The escape hatch: changes what an underlying resource is registered with. */
  transform?: {
    replicationGroup?: Transform<ReplicationGroupArgs>;
    parameterGroup?: Transform<ParameterGroupArgs>;
  };
}

/**
 * ElastiCache for Valkey: fan-out, jobs, rate limits. Encrypted, reachable by TLS and with a
 * password alone.
 */
export class Valkey extends pulumi.ComponentResource implements Cache {
  readonly url: pulumi.Output<string>;
  /** By this CloudWatch names its nodes: `<id>-001` and on. */
  readonly replicationGroupId: pulumi.Output<string>;

  constructor(name: string, args: ValkeyArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:Valkey', name, {}, opts);
    const { profile } = args;
    const subnetGroup = new SubnetGroup(
      `${name}-subnets`,
      { subnetIds: args.subnetIds },
      { parent: this },
    );
    const parameterGroup = new ParameterGroup(
      ...transformed(
        args.transform?.parameterGroup,
        `${name}-parameters`,
        {
          family: 'valkey8',
          description: 'Keeps every key: jobs must not be evicted',
          parameters: [{ name: 'maxmemory-policy', value: 'noeviction' }],
        },
        { parent: this },
      ),
    );
    const log = new LogGroup(
      `${name}-log`,
      { name: args.logGroupName, retentionInDays: args.logRetentionDays, kmsKeyId: args.kmsKeyArn },
      { parent: this },
    );
    const group = new ReplicationGroup(
      ...transformed<ReplicationGroupArgs>(
        args.transform?.replicationGroup,
        name,
        {
          description: 'Fan-out, jobs and rate limits',
          engine: 'valkey',
          engineVersion: '8.0',
          autoMinorVersionUpgrade: true,
          nodeType: profile.nodeType,
          numCacheClusters: profile.nodes,
          automaticFailoverEnabled: profile.nodes > 1,
          multiAzEnabled: profile.multiAz,
          parameterGroupName: parameterGroup.name,
          subnetGroupName: subnetGroup.name,
          securityGroupIds: [args.securityGroupId],
          port: 6379,
          transitEncryptionEnabled: true,
          transitEncryptionMode: 'required',
          authToken: args.password,
          atRestEncryptionEnabled: true,
          kmsKeyId: args.kmsKeyArn,
          snapshotRetentionLimit: profile.snapshotDays,
          ...(profile.snapshotDays > 0 && { snapshotWindow: '01:00-02:00' }),
          maintenanceWindow: 'sun:04:30-sun:05:30',
          logDeliveryConfigurations: (['slow-log', 'engine-log'] as const).map((logType) => ({
            logType,
            destination: log.name,
            destinationType: 'cloudwatch-logs',
            logFormat: 'json',
          })),
          applyImmediately: true,
        },
        { parent: this, protect: args.protect },
      ),
    );
    this.replicationGroupId = group.id;
    this.url = pulumi.secret(
      pulumi.interpolate`rediss://:${args.password}@${group.primaryEndpointAddress}:${group.port.apply((port) => port ?? 6379)}`,
    );
    this.registerOutputs({});
  }
}
