import { companionsOf } from '../../resource/companions.ts';
import type { Resource } from '../../resource/resource.ts';
import type { Value } from '../../resource/value.ts';
import type { Fault, ResourceRule, Rule } from '../rule.ts';
import { companionRule } from '../shapes/companionRule.ts';
import { propertyRule } from '../shapes/propertyRule.ts';

const vpc = 'aws:ec2/vpc:Vpc';
const securityGroup = 'aws:ec2/securityGroup:SecurityGroup';
const olderRule = 'aws:ec2/securityGroupRule:SecurityGroupRule';
const ingressRule = 'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule';

/** Ports that EC2.18 lets the world reach. */
const publicPorts = [80, 443];
/** Ports that EC2.19 keeps from the world. */
const riskyPorts = [
  20, 21, 22, 23, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, 3389, 4333, 5000, 5432, 5500,
  5601, 8080, 8088, 8888, 9200, 9300,
];

interface Opening {
  from: number;
  to: number;
}

/** The inbound rules of a security group, or of a resource that is one such rule. */
function inboundRules({ type, props }: Resource): Value[] {
  if (type === securityGroup) return props.get('ingress').list();
  return type === olderRule && props.get('type').text() !== 'ingress' ? [] : [props];
}

/** The ports that an inbound rule opens to every address, if any. */
function opening(rule: Value): Opening | undefined {
  if (!isWorld(rule)) return undefined;
  const protocol = rule.get('protocol').text() ?? rule.get('ipProtocol').text() ?? '-1';
  if (protocol === '-1' || protocol === 'all') return { from: 0, to: 65535 };
  if (!['tcp', 'udp', '6', '17'].includes(protocol)) return undefined;
  return {
    from: rule.get('fromPort').number() ?? 0,
    to: rule.get('toPort').number() ?? 65535,
  };
}

/** Reads the addresses one by one: an address that is not known yet does not hide the others. */
function isWorld(rule: Value): boolean {
  const lists = ['cidrBlocks', 'ipv6CidrBlocks', 'cidrIpv4', 'cidrIpv6'].map((name) =>
    rule.get(name),
  );
  const known = lists.filter((list) => !list.isUnknown).flatMap((list) => list.list());
  const world = known.some(
    (cidr) => !cidr.isUnknown && ['0.0.0.0/0', '::/0'].includes(cidr.text() ?? ''),
  );
  // An address that is not known yet may be the world: reading it here puts off the verdict.
  if (!world) lists.forEach((list) => list.texts());
  return world;
}

const worldRule = (
  rule: Omit<ResourceRule, 'types' | 'check'>,
  fault: (opening: Opening) => Fault,
): Rule => ({
  ...rule,
  types: [securityGroup, olderRule, ingressRule],
  check: (resource, report) =>
    report.each(inboundRules(resource), (inbound) => {
      const open = opening(inbound);
      return open && fault(open);
    }),
});

export const ec2Rules: Rule[] = [
  {
    id: 'ec2-default-group',
    controls: ['EC2.2'],
    title: "A VPC's default security group has no rules",
    severity: 'high',
    level: 'mandatory',
    fix: 'Add an ec2.DefaultSecurityGroup for the VPC, with neither ingress nor egress.',
    checkStack: (stack, report) => {
      const groups = stack.ofType('aws:ec2/defaultSecurityGroup:DefaultSecurityGroup');
      return report.each(stack.ofType(vpc), (one) => {
        const own = companionsOf(one, groups, 'vpcId');
        for (const group of own) {
          const rules = [...group.props.get('ingress').list(), ...group.props.get('egress').list()];
          if (rules.length > 0) report.violation(`it has ${rules.length} rules`, group);
        }
        return own.length === 0 && 'nothing removes the rules of its default security group';
      });
    },
  },
  companionRule({
    id: 'ec2-flow-logs',
    controls: ['EC2.6'],
    title: 'VPCs log their flows',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Add an ec2.FlowLog for the VPC.',
    owners: [vpc],
    companions: ['aws:ec2/flowLog:FlowLog'],
    by: 'vpcId',
    absent: 'it has no flow log',
  }),
  worldRule(
    {
      id: 'ec2-world-ports',
      controls: ['EC2.18'],
      title: 'The world reaches only ports 80 and 443',
      severity: 'high',
      level: 'mandatory',
      fix: 'Admit a security group or a narrow CIDR instead of 0.0.0.0/0 and ::/0.',
    },
    ({ from, to }) => {
      if (from !== to) return `ports ${from} to ${to} are open to every address`;
      return !publicPorts.includes(from) && `port ${from} is open to every address`;
    },
  ),
  worldRule(
    {
      id: 'ec2-risky-ports',
      controls: ['EC2.13', 'EC2.14', 'EC2.19'],
      title: 'The world reaches no high-risk port',
      severity: 'critical',
      level: 'mandatory',
      fix: 'Remove the rule, or admit a security group or a narrow CIDR.',
    },
    ({ from, to }) => {
      const risky = riskyPorts.filter((port) => from <= port && port <= to);
      return risky.length > 0 && `open to every address: ${risky.join(', ')}`;
    },
  ),
  propertyRule({
    id: 'ec2-subnet-public-ip',
    controls: ['EC2.15'],
    title: 'Subnets do not assign public addresses by default',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set mapPublicIpOnLaunch to false. A resource that needs a public address asks for one.',
    types: ['aws:ec2/subnet:Subnet'],
    path: 'mapPublicIpOnLaunch',
    wanted: false,
    byDefault: false,
  }),
];
