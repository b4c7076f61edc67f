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
import { Component, type Transform } from '../../component.ts';
import { addressPlan } from '../../config/addressPlan.ts';
import type { Profile } from '../../config/profile.ts';
import { policyDocument } from '../access/policies.ts';
import { nameTag, partitionOf, type RoleDefaults } from '../naming.ts';
import { FlowLogs, type FlowLogsArgs } from './flowLogs.ts';

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
export class Network extends Component {
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
  readonly #vpc: Vpc;
  readonly #args: NetworkArgs;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:Network', name, opts);
    const { cidr, zones, profile } = args;
    this.#args = args;
    this.#vpc = this.#createVpc();
    this.#createFlowLogs();
    const plan = addressPlan(cidr, zones.length);

    const internet = this.child(InternetGateway, 'internet', this.#inVpc('internet'));
    const publicWay = this.#createWay('public', { gatewayId: internet.id });
    this.publicSubnetIds = plan.map((zone, index) =>
      this.#createSubnet('public', index, zone.public, publicWay),
    );

    const natGateways = this.publicSubnetIds
      .slice(0, { none: 0, single: 1, perZone: zones.length }[profile.nat])
      .map((subnetId, index) => this.#createNatGateway(index, subnetId, internet));
    this.natGatewayIds = natGateways.map(({ id }) => id);
    const taskWays = natGateways.map(({ id }, index) =>
      this.#createWay(`task-${index + 1}`, { natGatewayId: id }),
    );
    this.assignPublicIp = profile.nat === 'none';
    this.taskSubnetIds = this.assignPublicIp
      ? this.publicSubnetIds
      : plan.flatMap((zone, index) => {
          const way = taskWays[index] ?? taskWays[0];
          return way ? [this.#createSubnet('task', index, zone.task, way)] : [];
        });

    const databaseWay = this.#createWay('database');
    this.databaseSubnetIds = plan.map((zone, index) =>
      this.#createSubnet('database', index, zone.database, databaseWay),
    );

    this.#createS3Endpoint(this.assignPublicIp ? [publicWay] : taskWays);
    this.vpcId = this.#vpc.id;
    this.cidr = cidr;
    this.zones = zones;
    this.registerOutputs({});
  }

  #createVpc(): Vpc {
    const { cidr, transform = {} } = this.#args;
    const vpc = this.child(
      Vpc,
      'vpc',
      {
        cidrBlock: cidr,
        enableDnsSupport: true,
        enableDnsHostnames: true,
        tags: nameTag(this.childName('vpc')),
      },
      { transform: transform.vpc },
    );
    // The VPC's own group lets its members talk to one another: nobody is to be in it by mistake.
    this.child(
      DefaultSecurityGroup,
      'unused',
      { vpcId: vpc.id, ingress: [], egress: [], tags: nameTag(this.childName('unused')) },
      { transform: transform.defaultSecurityGroup },
    );
    return vpc;
  }

  #createFlowLogs(): void {
    const { profile, accountId, roleDefaults, transform } = this.#args;
    this.child(FlowLogs, 'flow-logs', {
      vpcId: this.#vpc.id,
      traffic: profile.flowLogs,
      retentionDays: profile.logRetentionDays,
      accountId,
      roleDefaults,
      transform: transform?.flowLogs,
    });
  }

  /** A route table, with a route to everywhere where there is a target. */
  #createWay(role: string, target?: Target): Way {
    const table = this.child(RouteTable, role, this.#inVpc(role));
    if (!target) return { table };
    const route = this.child(Route, role, {
      routeTableId: table.id,
      destinationCidrBlock: '0.0.0.0/0',
      ...target,
    });
    return { table, route };
  }

  /** @param index of the zone */
  #createSubnet(tier: string, index: number, cidrBlock: string, way: Way): pulumi.Output<string> {
    const role = `${tier}-${index + 1}`;
    const subnet = this.child(
      Subnet,
      role,
      {
        cidrBlock,
        availabilityZone: this.#args.zones[index] ?? '',
        // A task that needs an address asks for one. A place in a subnet gives none.
        mapPublicIpOnLaunch: false,
        ...this.#inVpc(role),
      },
      { transform: this.#args.transform?.subnet },
    );
    const association = this.child(RouteTableAssociation, role, {
      subnetId: subnet.id,
      routeTableId: way.table.id,
    });
    // A resource in the subnet waits for the routes, and is deleted before they are.
    return pulumi.all([subnet.id, association.id, way.route?.id]).apply(([id]) => id);
  }

  #createNatGateway(
    index: number,
    subnetId: pulumi.Output<string>,
    internet: InternetGateway,
  ): NatGateway {
    const role = `nat-${index + 1}`;
    const tags = nameTag(this.childName(role));
    const { transform = {} } = this.#args;
    const eip = this.child(
      Eip,
      role,
      { domain: 'vpc', tags },
      { transform: transform.eip, dependsOn: [internet] },
    );
    return this.child(
      NatGateway,
      role,
      { allocationId: eip.id, subnetId, tags },
      { transform: transform.natGateway },
    );
  }

  /** Image layers come from S3: this way they cost nothing and do not pass the NAT gateway. */
  #createS3Endpoint(ways: Way[]): void {
    this.child(
      VpcEndpoint,
      's3',
      {
        vpcEndpointType: 'Gateway',
        serviceName: `com.amazonaws.${this.#args.region}.s3`,
        routeTableIds: ways.map(({ table }) => table.id),
        policy: s3EndpointPolicy(this.#args),
        ...this.#inVpc('s3'),
      },
      { transform: this.#args.transform?.s3Endpoint },
    );
  }

  /** The arguments that every resource of the VPC has. */
  #inVpc(role: string): { vpcId: pulumi.Output<string>; tags: { Name: string } } {
    return { vpcId: this.#vpc.id, tags: nameTag(this.childName(role)) };
  }
}

/** Where packets leave a subnet. */
interface Way {
  table: RouteTable;
  route?: Route;
}

type Target = { gatewayId: pulumi.Input<string> } | { natGatewayId: pulumi.Input<string> };

/**
 * Buckets of this account, and ECR's image layers: a task that was broken into cannot carry data to
 * another's bucket.
 */
function s3EndpointPolicy({ region, accountId }: NetworkArgs): pulumi.Output<string> {
  return policyDocument([
    {
      Sid: 'ImageLayers',
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: `arn:${partitionOf(region)}:s3:::prod-${region}-starport-layer-bucket/*`,
    },
    {
      Sid: 'OwnBuckets',
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:*',
      Resource: '*',
      Condition: { StringEquals: { 'aws:ResourceAccount': accountId } },
    },
  ]);
}
