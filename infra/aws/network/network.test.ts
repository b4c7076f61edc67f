import type * as pulumi from '@pulumi/pulumi';
import { describe, expect, it } from 'vitest';
import { Registered } from '../../test-support/registered.ts';
import type { Network as NetworkClass, NetworkArgs } from './network.ts';
import { createProfile, type Cost } from '../../config/profile.ts';

const zoneNames = ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'];

async function network(cost: Cost, transform: NetworkArgs['transform'] = {}) {
  let made: NetworkClass | undefined;
  const profile = createProfile({ cost });
  const registered = await Registered.by(async () => {
    const { Network } = await import('./network.ts');
    made = new Network('network', {
      cidr: '10.20.0.0/16',
      zones: zoneNames.slice(0, profile.zones),
      region: 'eu-central-1',
      accountId: '123456789012',
      profile,
      roleDefaults: { path: '/slipway/prod/' },
      transform,
    });
  });
  if (!made) throw new Error('no network');
  return { registered, network: made };
}

const value = <T>(output: pulumi.Output<T>): Promise<T> =>
  new Promise((resolve) => void output.apply(resolve));
const values = <T>(outputs: pulumi.Output<T>[]): Promise<T[]> => Promise.all(outputs.map(value));
const nats = (registered: Registered) => registered.ofType('aws:ec2/natGateway:NatGateway');
const routesOf = (registered: Registered, table: string) =>
  registered
    .ofType('aws:ec2/route:Route')
    .filter(({ inputs }) => inputs['routeTableId'] === `${table}-id`);

describe('a lean network', () => {
  it('has no NAT: tasks are in the public subnets, with an address of their own', async () => {
    const { registered, network: made } = await network('lean');
    expect(nats(registered)).toEqual([]);
    expect(made.assignPublicIp).toBe(true);
    expect(await values(made.taskSubnetIds)).toEqual([
      'network-public-1-id',
      'network-public-2-id',
    ]);
    expect(
      registered.inputs('aws:ec2/vpcEndpoint:VpcEndpoint', 'network-s3')['routeTableIds'],
    ).toEqual(['network-public-id']);
  });
});

describe('a standard network', async () => {
  const { registered, network: made } = await network('standard');

  it('has one NAT gateway, and tasks that nobody reaches from outside', async () => {
    expect(nats(registered)).toHaveLength(1);
    expect(made.assignPublicIp).toBe(false);
    expect(await values(made.taskSubnetIds)).toEqual(['network-task-1-id', 'network-task-2-id']);
    expect(routesOf(registered, 'network-task-1')[0]?.inputs).toMatchObject({
      natGatewayId: 'network-nat-1-id',
    });
  });

  it('gives no address to what merely stands in a subnet', () => {
    const subnets = registered.ofType('aws:ec2/subnet:Subnet');
    expect(subnets).toHaveLength(6);
    for (const { inputs } of subnets) expect(inputs['mapPublicIpOnLaunch']).toBe(false);
  });

  it('leaves the database no way out', async () => {
    expect(routesOf(registered, 'network-database')).toEqual([]);
    expect(await values(made.databaseSubnetIds)).toEqual([
      'network-database-1-id',
      'network-database-2-id',
    ]);
    const associations = registered.ofType('aws:ec2/routeTableAssociation:RouteTableAssociation');
    const ofDatabase = associations.filter(({ name }) => name.startsWith('network-database'));
    expect(ofDatabase.map(({ inputs }) => inputs['routeTableId'])).toEqual([
      'network-database-id',
      'network-database-id',
    ]);
  });

  it('takes every rule from the group that things fall into by mistake', () => {
    expect(
      registered.inputs('aws:ec2/defaultSecurityGroup:DefaultSecurityGroup', 'network-unused'),
    ).toMatchObject({
      vpcId: 'network-vpc-id',
      ingress: [],
      egress: [],
    });
  });

  it('logs its flows with a role that may write there and nowhere else', () => {
    expect(registered.inputs('aws:ec2/flowLog:FlowLog', 'network-flow-logs')).toMatchObject({
      trafficType: 'ALL',
      vpcId: 'network-vpc-id',
    });
    const [statement] = registered.policy(
      'aws:iam/rolePolicy:RolePolicy',
      'network-flow-logs',
    ).Statement;
    const logGroup = 'arn:aws:test:::network-flow-logs';
    expect(statement?.['Resource']).toEqual([logGroup, `${logGroup}:*`]);
    expect(JSON.stringify(statement?.['Action'])).not.toContain('*');
    const trust = registered.policy('aws:iam/role:Role', 'network-flow-logs', 'assumeRolePolicy')
      .Statement[0];
    expect(trust?.['Condition']).toEqual({ StringEquals: { 'aws:SourceAccount': '123456789012' } });
    expect(registered.inputs('aws:iam/role:Role', 'network-flow-logs')['path']).toBe(
      '/slipway/prod/',
    );
  });

  it('lets S3 through for image layers and the account’s own buckets alone', () => {
    const { Statement } = registered.policy('aws:ec2/vpcEndpoint:VpcEndpoint', 'network-s3');
    expect(Statement.map(({ Sid }) => Sid)).toEqual(['ImageLayers', 'OwnBuckets']);
    expect(Statement[0]).toMatchObject({
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::prod-eu-central-1-starport-layer-bucket/*',
    });
    expect(Statement[1]?.['Condition']).toEqual({
      StringEquals: { 'aws:ResourceAccount': '123456789012' },
    });
  });
});

describe('a network for high availability', () => {
  it('has a NAT gateway in every zone, and no task that crosses zones to get out', async () => {
    const { registered } = await network('ha');
    expect(nats(registered).map(({ inputs }) => inputs['subnetId'])).toEqual([
      'network-public-1-id',
      'network-public-2-id',
      'network-public-3-id',
    ]);
    for (const zone of [1, 2, 3]) {
      expect(routesOf(registered, `network-task-${zone}`)[0]?.inputs['natGatewayId']).toBe(
        `network-nat-${zone}-id`,
      );
      const subnet = registered.inputs('aws:ec2/subnet:Subnet', `network-task-${zone}`);
      expect(subnet['availabilityZone']).toBe(zoneNames[zone - 1]);
      const association = registered.inputs(
        'aws:ec2/routeTableAssociation:RouteTableAssociation',
        `network-task-${zone}`,
      );
      expect(association['routeTableId']).toBe(`network-task-${zone}-id`);
    }
  });
});

it('hands every underlying resource to a transform', async () => {
  const { registered } = await network('standard', {
    vpc: { instanceTenancy: 'dedicated' },
    subnet: (args, _opts, name) => {
      if (name === 'network-public-1') args.tags = { Name: 'mine' };
    },
  });
  expect(registered.inputs('aws:ec2/vpc:Vpc', 'network-vpc')).toMatchObject({
    cidrBlock: '10.20.0.0/16',
    instanceTenancy: 'dedicated',
  });
  expect(registered.inputs('aws:ec2/subnet:Subnet', 'network-public-1')['tags']).toEqual({
    Name: 'mine',
  });
  expect(registered.inputs('aws:ec2/subnet:Subnet', 'network-public-2')['tags']).toEqual({
    Name: 'slipway-prod-network-public-2',
  });
});
