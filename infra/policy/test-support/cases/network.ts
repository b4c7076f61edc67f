import { unknown } from '../../resource/value.ts';
import { sample, type Props, type ResourceCases, type StackCases } from '../samples.ts';

const balancer = (props: Props) => sample('aws:lb/loadBalancer:LoadBalancer', props);
const listener = (props: Props) => sample('aws:lb/listener:Listener', props);
const group = (...ingress: Props[]) => sample('aws:ec2/securityGroup:SecurityGroup', { ingress });
const ingressRule = (props: Props) =>
  sample('aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule', props);
const oldRule = (props: Props) => sample('aws:ec2/securityGroupRule:SecurityGroupRule', props);
const open = (port: number, cidrIpv4 = '0.0.0.0/0') =>
  ingressRule({ ipProtocol: 'tcp', fromPort: port, toPort: port, cidrIpv4 });
const redirect = {
  type: 'redirect',
  redirect: { protocol: 'HTTPS', port: '443', statusCode: 'HTTP_301' },
};

export const networkCases: ResourceCases = {
  'elb-https': {
    passes: {
      HTTPS: listener({ protocol: 'HTTPS', defaultActions: [{ type: 'forward' }] }),
      'a redirect': listener({ protocol: 'HTTP', defaultActions: [redirect] }),
      'a redirect, the blocks as lists': listener({
        protocol: 'HTTP',
        defaultActions: [{ type: 'redirect', redirect: [{ protocol: 'HTTPS' }] }],
      }),
    },
    fires: {
      'HTTP that forwards': listener({ protocol: 'HTTP', defaultActions: [{ type: 'forward' }] }),
      'a redirect to HTTP': listener({
        protocol: 'HTTP',
        defaultActions: [{ type: 'redirect', redirect: { protocol: '#{protocol}' } }],
      }),
      'the older type': sample('aws:alb/listener:Listener', {
        defaultActions: [{ type: 'fixed-response' }],
      }),
    },
  },
  'elb-tls-policy': {
    passes: {
      'TLS 1.2 and newer': listener({
        protocol: 'HTTPS',
        sslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
      }),
      'TLS 1.2 and newer, fewer ciphers': listener({
        protocol: 'HTTPS',
        sslPolicy: 'ELBSecurityPolicy-TLS13-1-2-Res-2021-06',
      }),
      HTTP: listener({ protocol: 'HTTP' }),
    },
    fires: {
      none: listener({ protocol: 'HTTPS' }),
      'TLS 1.0': listener({ protocol: 'HTTPS', sslPolicy: 'ELBSecurityPolicy-2016-08' }),
      'TLS 1.0 by a new name': listener({
        protocol: 'HTTPS',
        sslPolicy: 'ELBSecurityPolicy-TLS13-1-0-2021-06',
      }),
      'old ciphers': listener({
        protocol: 'HTTPS',
        sslPolicy: 'ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06',
      }),
    },
  },
  'elb-invalid-headers': {
    passes: { drops: balancer({ dropInvalidHeaderFields: true }) },
    fires: { 'no word about it': balancer({}) },
  },
  'elb-access-logs': {
    passes: { logs: balancer({ accessLogs: { enabled: true, bucket: 'logs' } }) },
    fires: {
      none: balancer({}),
      'switched off': balancer({ accessLogs: { enabled: false, bucket: 'logs' } }),
    },
  },
  'elb-deletion-protection': {
    passes: { protected: balancer({ enableDeletionProtection: true }) },
    fires: { 'no word about it': balancer({}) },
  },
  'elb-desync': {
    passes: {
      'the default': balancer({}),
      strictest: balancer({ desyncMitigationMode: 'strictest' }),
    },
    fires: { monitor: balancer({ desyncMitigationMode: 'monitor' }) },
  },
  'elb-two-zones': {
    passes: {
      'two subnets': balancer({ subnets: [unknown, unknown] }),
      'two mappings': balancer({ subnetMappings: [{ subnetId: 'a' }, { subnetId: 'b' }] }),
    },
    fires: { 'one subnet': balancer({ subnets: ['subnet-1'] }) },
  },
  'ec2-world-ports': {
    passes: {
      'the public ports': group(
        {
          protocol: 'tcp',
          fromPort: 443,
          toPort: 443,
          cidrBlocks: ['0.0.0.0/0'],
          ipv6CidrBlocks: ['::/0'],
        },
        { protocol: 'tcp', fromPort: 80, toPort: 80, cidrBlocks: ['0.0.0.0/0'] },
      ),
      'another group': ingressRule({
        ipProtocol: 'tcp',
        fromPort: 5432,
        toPort: 5432,
        referencedSecurityGroupId: unknown,
      }),
      'one network': open(5432, '10.0.0.0/16'),
      'what goes out': oldRule({
        type: 'egress',
        protocol: '-1',
        fromPort: 0,
        toPort: 0,
        cidrBlocks: ['0.0.0.0/0'],
      }),
      pings: group({ protocol: 'icmp', fromPort: 8, toPort: 0, cidrBlocks: ['0.0.0.0/0'] }),
    },
    fires: {
      'another port': open(9464),
      'by IPv6': ingressRule({ ipProtocol: 'tcp', fromPort: 8000, toPort: 8000, cidrIpv6: '::/0' }),
      'a range around them': group({
        protocol: 'tcp',
        fromPort: 80,
        toPort: 443,
        cidrBlocks: ['0.0.0.0/0'],
      }),
      everything: group({ protocol: '-1', fromPort: 0, toPort: 0, cidrBlocks: ['0.0.0.0/0'] }),
      'the older type': oldRule({
        type: 'ingress',
        protocol: 'tcp',
        fromPort: 81,
        toPort: 81,
        cidrBlocks: ['0.0.0.0/0'],
      }),
      'beside an address that is not known': group({
        protocol: 'tcp',
        fromPort: 81,
        toPort: 81,
        cidrBlocks: [unknown, '0.0.0.0/0'],
      }),
    },
  },
  'ec2-risky-ports': {
    passes: { 'the public ports': open(443), 'one network': open(22, '192.0.2.0/24') },
    fires: {
      SSH: open(22),
      PostgreSQL: open(5432),
      'a range that holds some': group({
        protocol: 'tcp',
        fromPort: 5000,
        toPort: 6000,
        cidrBlocks: ['0.0.0.0/0'],
      }),
      everything: ingressRule({ ipProtocol: '-1', cidrIpv4: '0.0.0.0/0' }),
    },
  },
  'ec2-subnet-public-ip': {
    passes: { 'the default': sample('aws:ec2/subnet:Subnet', {}) },
    fires: { on: sample('aws:ec2/subnet:Subnet', { mapPublicIpOnLaunch: true }) },
  },
};

const vpc = { name: 'vpc', type: 'aws:ec2/vpc:Vpc', props: { id: unknown } };
const knownVpc = { name: 'vpc', type: 'aws:ec2/vpc:Vpc', props: { id: 'vpc-1' } };
const defaultGroup = 'aws:ec2/defaultSecurityGroup:DefaultSecurityGroup';
const loadBalancer = {
  name: 'lb',
  type: 'aws:lb/loadBalancer:LoadBalancer',
  props: { loadBalancerType: 'application' },
};

export const networkStackCases: StackCases = {
  'ec2-default-group': {
    passes: {
      'an empty group': [
        vpc,
        {
          name: 'default',
          type: defaultGroup,
          props: { vpcId: unknown },
          from: { vpcId: ['vpc'] },
        },
      ],
      'an empty group that names the VPC': [
        knownVpc,
        { name: 'default', type: defaultGroup, props: { vpcId: 'vpc-1' } },
      ],
      'no VPC': [],
    },
    fires: {
      'no group': [vpc],
      'the group of another VPC': [
        knownVpc,
        { name: 'default', type: defaultGroup, props: { vpcId: 'vpc-2' } },
      ],
      'a group with rules': [
        vpc,
        {
          name: 'default',
          type: defaultGroup,
          props: { egress: [{ protocol: '-1' }] },
          from: { vpcId: ['vpc'] },
        },
      ],
    },
  },
  'ec2-flow-logs': {
    passes: {
      'a flow log': [
        vpc,
        { name: 'log', type: 'aws:ec2/flowLog:FlowLog', from: { vpcId: ['vpc'] } },
      ],
    },
    fires: { none: [vpc] },
  },
  'elb-waf': {
    passes: {
      'a web ACL': [
        loadBalancer,
        {
          name: 'acl',
          type: 'aws:wafv2/webAclAssociation:WebAclAssociation',
          from: { resourceArn: ['lb'] },
        },
      ],
      'a network load balancer': [{ ...loadBalancer, props: { loadBalancerType: 'network' } }],
    },
    fires: { none: [loadBalancer] },
  },
};
