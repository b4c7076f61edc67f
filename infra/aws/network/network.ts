// Each class from its own file, here and in every AWS component: `import '@pulumi/aws'`, and the
// index of one of its modules too, loads hundreds of files. Measured against @pulumi/pulumi alone,
// for the 29 classes of a stack: 1.10 times the start and 1.01 times the memory this way, 1.27 to
// 1.41 times and 1.15 to 1.17 times through the indexes.
import {
  DefaultSecurityGroup,
  type DefaultSecurityGroupArgs,
} from '@pulumi/aws/ec2/defaultSecurityGroup.js';
import { Eip, type EipArgs } from '@pulumi/aws/ec2/eip.js';
import { InternetGateway } from '@pulumi/aws/ec2/internetGateway.js';
import { NatGateway, type NatGatewayArgs } from '@pulumi/aws/ec2/natGateway.js';
import { Route } from '@pulumi/aws/ec2/route.js';
import { RouteTable } from '@pulumi/aws/ec2/routeTable.js';
import { RouteTableAssociation } from '@pulumi/aws/ec2/routeTableAssociation.js';
import { Subnet, type SubnetArgs } from '@pulumi/aws/ec2/subnet.js';
import { Vpc, type VpcArgs } from '@pulumi/aws/ec2/vpc.js';
import { VpcEndpoint, type VpcEndpointArgs } from '@pulumi/aws/ec2/vpcEndpoint.js';
import * as pulumi from '@pulumi/pulumi';
import { addressPlan } from '../../config/addressPlan.ts';
import { FlowLogs, type FlowLogsArgs } from './flowLogs.ts';
import { nameTag, partitionOf, type RoleDefaults } from '../naming.ts';
import type { Profile } from '../../config/profile.ts';
import { transformed, type Transform } from '../transform.ts';

export interface NetworkArgs {
  /** Addresses of the VPC, a block that `addressFaults` finds nothing wrong with. */
  cidr: string;
  /** Availability zones by name: two or three. */
  zones: string[];
  region: string;
  accountId: string;
  profile: Pick<Profile, 'nat' | 'flowLogs' | 'logRetentionDays'>;
  roleDefaults: RoleDefaults;
  /** Changes the underlying resources, applied last. */
  transform?: {
    vpc?: Transform<VpcArgs>;
    subnet?: Transform<SubnetArgs>;
    eip?: Transform<EipArgs>;
    natGateway?: Transform<NatGatewayArgs>;
    s3Endpoint?: Transform<VpcEndpointArgs>;
    defaultSecurityGroup?: Transform<DefaultSecurityGroupArgs>;
    flowLogs?: FlowLogsArgs['transform'];
  };
}

/**
 * A VPC over two or three zones: public subnets, task subnets behind NAT where the profile has one,
 * database subnets with no way out. Without NAT the tasks are in the public subnets; no interface
 * endpoints then: five of them in two zones cost more than a NAT gateway, and the api calls a model
 * outside AWS anyway.
 */
export class Network extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  readonly cidr: string;
  readonly zones: string[];
  /** For the load balancer. Known once the way to the internet is there. */
  readonly publicSubnetIds: pulumi.Output<string>[];
  /** For tasks. Known once their way out is there. */
  readonly taskSubnetIds: pulumi.Output<string>[];
  /** For the database and the cache. */
  readonly databaseSubnetIds: pulumi.Output<string>[];
  /** One for each zone that has one, in the order of the zones. */
  readonly natGatewayIds: pulumi.Output<string>[];
  /** Whether tasks need a public address to get out. */
  readonly assignPublicIp: boolean;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:Network', name, {}, opts);
    const { cidr, zones, profile, transform = {} } = args;
    const parent = { parent: this };
    const vpcArgs = {
      cidrBlock: cidr,
      enableDnsSupport: true,
      enableDnsHostnames: true,
      tags: nameTag(`${name}-vpc`),
    };
    const vpc = new Vpc(...transformed<VpcArgs>(transform.vpc, `${name}-vpc`, vpcArgs, parent));
    // The VPC's own group lets its members talk to one another: nobody is to be in it by mistake.
    const noRules = { vpcId: vpc.id, ingress: [], egress: [], tags: nameTag(`${name}-unused`) };
    new DefaultSecurityGroup(
      ...transformed<DefaultSecurityGroupArgs>(
        transform.defaultSecurityGroup,
        `${name}-unused`,
        noRules,
        parent,
      ),
    );
    new FlowLogs(
      `${name}-flow-logs`,
      {
        vpcId: vpc.id,
        traffic: profile.flowLogs,
        retentionDays: profile.logRetentionDays,
        accountId: args.accountId,
        roleDefaults: args.roleDefaults,
        ...(transform.flowLogs ? { transform: transform.flowLogs } : {}),
      },
      parent,
    );

    const routeTable = (role: string) =>
      new RouteTable(
        `${name}-${role}`,
        { vpcId: vpc.id, tags: nameTag(`${name}-${role}`) },
        parent,
      );
    const subnet = (
      role: string,
      index: number,
      cidrBlock: string,
      table: RouteTable,
      route?: Route,
    ) => {
      const logical = `${name}-${role}-${index + 1}`;
      const subnetArgs: SubnetArgs = {
        vpcId: vpc.id,
        cidrBlock,
        availabilityZone: zones[index] ?? '',
        // An address is asked for by each task that needs one, never given because of where
        // something stands.
        mapPublicIpOnLaunch: false,
        tags: nameTag(logical),
      };
      const created = new Subnet(
        ...transformed<SubnetArgs>(transform.subnet, logical, subnetArgs, parent),
      );
      const association = new RouteTableAssociation(
        logical,
        { subnetId: created.id, routeTableId: table.id },
        parent,
      );
      // What is put into the subnet waits for its routes, and is gone before they are.
      return pulumi.all([created.id, association.id, route?.id]).apply(([id]) => id);
    };
    const plan = addressPlan(cidr, zones.length);

    const internet = new InternetGateway(
      `${name}-internet`,
      { vpcId: vpc.id, tags: nameTag(`${name}-internet`) },
      parent,
    );
    const publicTable = routeTable('public');
    const toInternet = defaultRoute(
      `${name}-public`,
      publicTable,
      { gatewayId: internet.id },
      parent,
    );
    this.publicSubnetIds = plan.map((zone, index) =>
      subnet('public', index, zone.public, publicTable, toInternet),
    );

    const natGateways = this.publicSubnetIds
      .slice(0, { none: 0, single: 1, perZone: zones.length }[profile.nat])
      .map((subnetId, index) => {
        const logical = `${name}-nat-${index + 1}`;
        const eipArgs = { domain: 'vpc', tags: nameTag(logical) };
        const eip = new Eip(
          ...transformed<EipArgs>(transform.eip, logical, eipArgs, {
            ...parent,
            dependsOn: [internet],
          }),
        );
        const natArgs = { allocationId: eip.id, subnetId, tags: nameTag(logical) };
        return new NatGateway(
          ...transformed<NatGatewayArgs>(transform.natGateway, logical, natArgs, parent),
        );
      });
    this.natGatewayIds = natGateways.map(({ id }) => id);
    const taskTables = natGateways.map((nat, index) => {
      const table = routeTable(`task-${index + 1}`);
      return {
        table,
        route: defaultRoute(`${name}-task-${index + 1}`, table, { natGatewayId: nat.id }, parent),
      };
    });
    this.taskSubnetIds = plan.flatMap((zone, index) => {
      const way = taskTables[index] ?? taskTables[0];
      return way ? [subnet('task', index, zone.task, way.table, way.route)] : [];
    });
    this.assignPublicIp = profile.nat === 'none';
    if (this.assignPublicIp) this.taskSubnetIds = this.publicSubnetIds;

    const databaseTable = routeTable('database');
    this.databaseSubnetIds = plan.map((zone, index) =>
      subnet('database', index, zone.database, databaseTable),
    );

    // Image layers come from S3: this way they cost nothing and do not pass the NAT gateway.
    const endpointArgs: VpcEndpointArgs = {
      vpcId: vpc.id,
      vpcEndpointType: 'Gateway',
      serviceName: `com.amazonaws.${args.region}.s3`,
      routeTableIds: (this.assignPublicIp
        ? [publicTable]
        : taskTables.map(({ table }) => table)
      ).map(({ id }) => id),
      policy: JSON.stringify(s3EndpointPolicy(args)),
      tags: nameTag(`${name}-s3`),
    };
    new VpcEndpoint(
      ...transformed<VpcEndpointArgs>(transform.s3Endpoint, `${name}-s3`, endpointArgs, parent),
    );

    this.vpcId = vpc.id;
    this.cidr = cidr;
    this.zones = zones;
    this.registerOutputs({});
  }
}

function defaultRoute(
  name: string,
  table: RouteTable,
  target: { gatewayId: pulumi.Input<string> } | { natGatewayId: pulumi.Input<string> },
  opts: pulumi.CustomResourceOptions,
): Route {
  return new Route(
    name,
    { routeTableId: table.id, destinationCidrBlock: '0.0.0.0/0', ...target },
    opts,
  );
}

/**
 * Buckets of this account, and ECR's image layers: a task that was broken into cannot carry data to
 * another's bucket.
 */
function s3EndpointPolicy({ region, accountId }: NetworkArgs): object {
  const partition = partitionOf(region);
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'ImageLayers',
        Effect: 'Allow',
        Principal: '*',
        Action: 's3:GetObject',
        Resource: `arn:${partition}:s3:::prod-${region}-starport-layer-bucket/*`,
      },
      {
        Sid: 'OwnBuckets',
        Effect: 'Allow',
        Principal: '*',
        Action: 's3:*',
        Resource: '*',
        Condition: { StringEquals: { 'aws:ResourceAccount': accountId } },
      },
    ],
  };
}
