import { flagRule } from '../flagRule.ts';
import type { ResourceRule, Rule } from '../rule.ts';
import type { Value } from '../../judge/value.ts';
import { companionsOf } from '../../judge/companions.ts';

const vpc = 'aws:ec2/vpc:Vpc';
const ruleTypes = [
  'aws:ec2/securityGroup:SecurityGroup',
  'aws:ec2/securityGroupRule:SecurityGroupRule',
  'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule',
];

/** Ports that EC2.18 lets the world reach. */
const publicPorts = [80, 443];
/** Ports that EC2.19 lets nobody open to the world. */
const riskyPorts = [
  20, 21, 22, 23, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, 3389, 4333, 5000, 5432, 5500,
  5601, 8080, 8088, 8888, 9200, 9300,
];

interface Opening {
  protocol: string;
  from: number;
  to: number;
}

/** What a security group, or one rule of it, opens to every address. */
function openings({ type, props }: { type: string; props: Value }): (Value | Opening)[] {
  if (type === 'aws:ec2/securityGroup:SecurityGroup') return props.get('ingress').list();
  if (
    type === 'aws:ec2/securityGroupRule:SecurityGroupRule' &&
    props.get('type').text() !== 'ingress'
  )
    return [];
  return [props];
}

const worldRule = (
  info: Omit<ResourceRule, 'types' | 'check'>,
  refuses: (opening: Opening) => string | undefined,
): Rule => ({
  ...info,
  types: ruleTypes,
  check: (resource, report) =>
    report.each(openings(resource) as Value[], (rule) => {
      if (!isWorld(rule)) return;
      const protocol = rule.get('protocol').text() ?? rule.get('ipProtocol').text() ?? '-1';
      const all = protocol === '-1' || protocol === 'all';
      const from = all ? 0 : (rule.get('fromPort').number() ?? 0);
      const to = all ? 65535 : (rule.get('toPort').number() ?? 65535);
      if (!all && !['tcp', 'udp', '6', '17'].includes(protocol)) return;
      const refused = refuses({ protocol, from, to });
      if (refused) report.violation(refused);
    }),
});

/** Addresses are read one by one: one that is not known yet says nothing about the others. */
function isWorld(rule: Value): boolean {
  const lists = ['cidrBlocks', 'ipv6CidrBlocks', 'cidrIpv4', 'cidrIpv6'].map((name) =>
    rule.get(name),
  );
  const world = lists.some(
    (list) =>
      !list.isUnknown &&
      list
        .list()
        .some((cidr) => !cidr.isUnknown && ['0.0.0.0/0', '::/0'].includes(cidr.text() ?? '')),
  );
  if (!world) lists.forEach((list) => list.texts());
  return world;
}

const ports = ({ from, to }: Opening): string =>
  from === to ? `port ${from}` : `ports ${from} to ${to}`;

export const ec2Rules: Rule[] = [
  {
    id: 'ec2-default-group',
    controls: ['EC2.2'],
    title: "A VPC's default security group lets nothing through",
    severity: 'high',
    level: 'mandatory',
    fix: 'Add an ec2.DefaultSecurityGroup for the VPC, with neither ingress nor egress.',
    checkStack: (stack, report) => {
      const groups = stack.ofType('aws:ec2/defaultSecurityGroup:DefaultSecurityGroup');
      report.each(stack.ofType(vpc), (one) => {
        const own = companionsOf(one, groups, 'vpcId');
        if (own.length === 0)
          report.violation('nothing takes the rules out of its default security group', one);
        for (const group of own) {
          const rules = [...group.props.get('ingress').list(), ...group.props.get('egress').list()];
          if (rules.length > 0) report.violation(`it has ${rules.length} rules`, group);
        }
      });
    },
  },
  {
    id: 'ec2-flow-logs',
    controls: ['EC2.6'],
    title: 'VPCs log their flows',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Add an ec2.FlowLog for the VPC.',
    checkStack: (stack, report) => {
      const logs = stack.ofType('aws:ec2/flowLog:FlowLog');
      report.each(stack.ofType(vpc), (one) => {
        if (companionsOf(one, logs, 'vpcId').length === 0)
          report.violation('it has no flow log', one);
      });
    },
  },
  worldRule(
    {
      id: 'ec2-world-ports',
      controls: ['EC2.18'],
      title: 'The world reaches nothing but ports 80 and 443',
      severity: 'high',
      level: 'mandatory',
      fix: 'Let in a security group or a narrow CIDR instead of 0.0.0.0/0 and ::/0.',
    },
    (opening) =>
      opening.from === opening.to &&
      publicPorts.includes(opening.from) &&
      ['tcp', '6', 'udp', '17'].includes(opening.protocol)
        ? undefined
        : `${ports(opening)} are open to every address`.replace(/^(port \d+) are/, '$1 is'),
  ),
  worldRule(
    {
      id: 'ec2-risky-ports',
      controls: ['EC2.13', 'EC2.14', 'EC2.19'],
      title: 'The world reaches no port of high risk',
      severity: 'critical',
      level: 'mandatory',
      fix: 'Remove the rule, or let in a security group or a narrow CIDR.',
    },
    (opening) => {
      const risky = riskyPorts.filter((port) => opening.from <= port && port <= opening.to);
      return risky.length > 0 ? `open to every address: ${risky.join(', ')}` : undefined;
    },
  ),
  flagRule({
    id: 'ec2-subnet-public-ip',
    controls: ['EC2.15'],
    title: 'Subnets do not give out public addresses by themselves',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set mapPublicIpOnLaunch to false; what needs a public address asks for one.',
    types: ['aws:ec2/subnet:Subnet'],
    path: 'mapPublicIpOnLaunch',
    wanted: false,
    byDefault: false,
  }),
  {
    id: 'ec2-acl-admin-ports',
    controls: ['EC2.21'],
    title: 'Network ACLs do not open ports 22 and 3389 to the world',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Narrow the rule to the ports and addresses that need it.',
    types: ['aws:ec2/networkAcl:NetworkAcl', 'aws:ec2/networkAclRule:NetworkAclRule'],
    check: ({ type, props }, report) => {
      const single = type === 'aws:ec2/networkAclRule:NetworkAclRule';
      if (single && props.get('egress').flag()) return;
      report.each(single ? [props] : props.get('ingress').list(), (rule) => {
        const action = rule.get('ruleAction').text() ?? rule.get('action').text();
        const cidr = rule.get('cidrBlock').text() ?? rule.get('ipv6CidrBlock').text();
        if (action !== 'allow' || !['0.0.0.0/0', '::/0'].includes(cidr ?? '')) return;
        const all = ['-1', 'all'].includes(rule.get('protocol').text() ?? '-1');
        const from = all ? 0 : (rule.get('fromPort').number() ?? 0);
        const to = all ? 65535 : (rule.get('toPort').number() ?? 65535);
        const open = [22, 3389].filter((port) => from <= port && port <= to);
        if (open.length > 0) report.violation(`it opens ${open.join(' and ')} to every address`);
      });
    },
  },
  {
    id: 'ec2-imdsv2',
    controls: ['EC2.8', 'EC2.170'],
    title: 'Instances answer for their metadata by IMDSv2 alone',
    severity: 'high',
    level: 'mandatory',
    fix: 'Set metadataOptions.httpTokens to required.',
    types: ['aws:ec2/instance:Instance', 'aws:ec2/launchTemplate:LaunchTemplate'],
    check: ({ props }, report) => {
      const tokens = props.get('metadataOptions.httpTokens').text();
      if (tokens !== 'required')
        report.violation(`metadataOptions.httpTokens is ${tokens ?? 'absent'}`);
    },
  },
];
