import * as aws from '@pulumi/aws';
import { provider } from './provider.ts';

const opts = { provider };

export function network() {
  const zones = aws.getAvailabilityZonesOutput({ state: 'available' }, opts);
  const vpc = new aws.ec2.Vpc(
    'vpc',
    { cidrBlock: '10.20.0.0/16', enableDnsHostnames: true, tags: { Name: 'proof' } },
    opts,
  );
  new aws.ec2.DefaultSecurityGroup('closed', { vpcId: vpc.id, ingress: [], egress: [] }, opts);
  const gateway = new aws.ec2.InternetGateway('gateway', { vpcId: vpc.id }, opts);
  const publicTable = new aws.ec2.RouteTable('public', { vpcId: vpc.id }, opts);
  new aws.ec2.Route(
    'public-default',
    { routeTableId: publicTable.id, destinationCidrBlock: '0.0.0.0/0', gatewayId: gateway.id },
    opts,
  );
  const subnet = (kind: string, index: number, third: number) =>
    new aws.ec2.Subnet(
      `${kind}-${index}`,
      {
        vpcId: vpc.id,
        cidrBlock: `10.20.${third}.0/24`,
        availabilityZone: zones.names.apply((names) => names[index] ?? ''),
        mapPublicIpOnLaunch: kind === 'public',
      },
      opts,
    );
  const publicSubnets = [subnet('public', 0, 0), subnet('public', 1, 1)];
  const privateSubnets = [subnet('private', 0, 10), subnet('private', 1, 11)];
  publicSubnets.forEach(
    ({ id }, index) =>
      new aws.ec2.RouteTableAssociation(
        `public-${index}`,
        { subnetId: id, routeTableId: publicTable.id },
        opts,
      ),
  );
  const address = new aws.ec2.Eip('nat', { domain: 'vpc' }, opts);
  const nat = new aws.ec2.NatGateway(
    'nat',
    { allocationId: address.id, subnetId: publicSubnets[0]!.id },
    opts,
  );
  const privateTable = new aws.ec2.RouteTable('private', { vpcId: vpc.id }, opts);
  new aws.ec2.Route(
    'private-default',
    { routeTableId: privateTable.id, destinationCidrBlock: '0.0.0.0/0', natGatewayId: nat.id },
    opts,
  );
  privateSubnets.forEach(
    ({ id }, index) =>
      new aws.ec2.RouteTableAssociation(
        `private-${index}`,
        { subnetId: id, routeTableId: privateTable.id },
        opts,
      ),
  );
  new aws.ec2.VpcEndpoint(
    's3',
    {
      vpcId: vpc.id,
      serviceName: aws
        .getRegionOutput({}, opts)
        .region.apply((region) => `com.amazonaws.${region}.s3`),
      vpcEndpointType: 'Gateway',
      routeTableIds: [privateTable.id],
    },
    opts,
  );
  const group = (name: string) =>
    new aws.ec2.SecurityGroup(name, { vpcId: vpc.id, description: `Proof: ${name}` }, opts);
  const edgeGroup = group('edge');
  const appGroup = group('app');
  const dataGroup = group('data');
  new aws.vpc.SecurityGroupIngressRule(
    'edge-https',
    {
      securityGroupId: edgeGroup.id,
      cidrIpv4: '0.0.0.0/0',
      ipProtocol: 'tcp',
      fromPort: 443,
      toPort: 443,
    },
    opts,
  );
  new aws.vpc.SecurityGroupIngressRule(
    'app-from-edge',
    {
      securityGroupId: appGroup.id,
      referencedSecurityGroupId: edgeGroup.id,
      ipProtocol: 'tcp',
      fromPort: 3000,
      toPort: 3000,
    },
    opts,
  );
  new aws.vpc.SecurityGroupIngressRule(
    'data-from-app',
    {
      securityGroupId: dataGroup.id,
      referencedSecurityGroupId: appGroup.id,
      ipProtocol: 'tcp',
      fromPort: 5432,
      toPort: 5432,
    },
    opts,
  );
  new aws.vpc.SecurityGroupEgressRule(
    'app-out',
    { securityGroupId: appGroup.id, cidrIpv4: '0.0.0.0/0', ipProtocol: '-1' },
    opts,
  );
  return { vpc, publicSubnets, privateSubnets, edgeGroup, appGroup, dataGroup };
}

export type Network = ReturnType<typeof network>;
