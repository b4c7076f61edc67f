import { LogGroup } from '@pulumi/aws/cloudwatch/logGroup.js';
import { ParameterGroup, type ParameterGroupArgs } from '@pulumi/aws/elasticache/parameterGroup.js';
import {
  ReplicationGroup,
  type ReplicationGroupArgs,
} from '@pulumi/aws/elasticache/replicationGroup.js';
import { SubnetGroup } from '@pulumi/aws/elasticache/subnetGroup.js';
import * as pulumi from '@pulumi/pulumi';
import { Component, type Transform } from '../../component.ts';
import type { CacheProfile } from '../../config/profile.ts';
import type { Cache } from '../../platform.ts';

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
  /** Changes the underlying resources, applied last. */
  transform?: {
    replicationGroup?: Transform<ReplicationGroupArgs>;
    parameterGroup?: Transform<ParameterGroupArgs>;
  };
}

/**
 * ElastiCache for Valkey: fan-out, jobs, rate limits. Encrypted, reachable by TLS and with a
 * password alone.
 */
export class Valkey extends Component implements Cache {
  readonly url: pulumi.Output<string>;
  /** By this CloudWatch names its nodes: `<id>-001` and on. */
  readonly replicationGroupId: pulumi.Output<string>;

  constructor(name: string, args: ValkeyArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:Valkey', name, opts);
    const { transform = {} } = args;
    const subnetGroup = this.child(SubnetGroup, 'subnets', { subnetIds: args.subnetIds });
    const parameterGroup = this.child(
      ParameterGroup,
      'parameters',
      {
        family: 'valkey8',
        description: 'Keeps every key: jobs must not be evicted',
        parameters: [{ name: 'maxmemory-policy', value: 'noeviction' }],
      },
      { transform: transform.parameterGroup },
    );
    const log = this.child(LogGroup, 'log', {
      name: args.logGroupName,
      retentionInDays: args.logRetentionDays,
      kmsKeyId: args.kmsKeyArn,
    });
    const group = this.child(
      ReplicationGroup,
      '',
      {
        ...replication(args),
        parameterGroupName: parameterGroup.name,
        subnetGroupName: subnetGroup.name,
        logDeliveryConfigurations: (['slow-log', 'engine-log'] as const).map((logType) => ({
          logType,
          destination: log.name,
          destinationType: 'cloudwatch-logs',
          logFormat: 'json',
        })),
      },
      { protect: args.protect, transform: transform.replicationGroup },
    );
    this.replicationGroupId = group.id;
    this.url = pulumi.secret(
      pulumi.interpolate`rediss://:${args.password}@${group.primaryEndpointAddress}:${group.port.apply((port) => port ?? 6379)}`,
    );
    this.registerOutputs({});
  }
}

function replication({
  profile,
  securityGroupId,
  password,
  kmsKeyArn,
}: ValkeyArgs): ReplicationGroupArgs {
  return {
    description: 'Fan-out, jobs and rate limits',
    engine: 'valkey',
    engineVersion: '8.0',
    autoMinorVersionUpgrade: true,
    nodeType: profile.nodeType,
    numCacheClusters: profile.nodes,
    automaticFailoverEnabled: profile.nodes > 1,
    multiAzEnabled: profile.multiAz,
    securityGroupIds: [securityGroupId],
    port: 6379,
    transitEncryptionEnabled: true,
    transitEncryptionMode: 'required',
    authToken: password,
    atRestEncryptionEnabled: true,
    kmsKeyId: kmsKeyArn,
    snapshotRetentionLimit: profile.snapshotDays,
    // UTC.
    ...(profile.snapshotDays > 0 && { snapshotWindow: '01:00-02:00' }),
    maintenanceWindow: 'sun:04:30-sun:05:30',
    applyImmediately: true,
  };
}
