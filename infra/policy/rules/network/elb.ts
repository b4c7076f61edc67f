import type { Rule } from '../rule.ts';
import { propertyRule } from '../shapes/propertyRule.ts';

const loadBalancers = ['aws:lb/loadBalancer:LoadBalancer', 'aws:alb/loadBalancer:LoadBalancer'];
const listeners = ['aws:lb/listener:Listener', 'aws:alb/listener:Listener'];
const webAclAssociation = 'aws:wafv2/webAclAssociation:WebAclAssociation';

/**
 * TLS 1.2 with forward secrecy, or newer. Policies named `Ext` allow old ciphers again. Policies
 * with older names allow old protocols.
 */
const goodTlsPolicy =
  /^ELBSecurityPolicy-TLS13-1-[23](-(Res|FIPS|PQ|Res-FIPS|FIPS-PQ|Res-PQ|Res-FIPS-PQ))*-20\d\d-\d\d$/;

export const elbRules: Rule[] = [
  {
    id: 'elb-https',
    controls: ['ELB.1', 'ELB.18'],
    title: 'Load balancers serve HTTPS and redirect HTTP to it',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Give the listener HTTPS and a certificate, or let its default action redirect to HTTPS.',
    types: listeners,
    check: ({ props }) => {
      const protocol = props.get('protocol').text() ?? 'HTTP';
      if (protocol === 'HTTPS' || protocol === 'TLS') return undefined;
      const actions = props.get('defaultActions').list();
      const redirected =
        actions.length > 0 &&
        actions.every(
          (action) =>
            action.get('type').text() === 'redirect' &&
            action.get('redirect.protocol').text() === 'HTTPS',
        );
      return !redirected && `a listener for ${protocol} does not redirect to HTTPS`;
    },
  },
  {
    id: 'elb-tls-policy',
    controls: ['ELB.17'],
    title: 'Listeners use a recommended TLS policy',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set sslPolicy to ELBSecurityPolicy-TLS13-1-2-2021-06 or a stricter one.',
    types: listeners,
    check: ({ props }) => {
      if (!['HTTPS', 'TLS'].includes(props.get('protocol').text() ?? 'HTTP')) return undefined;
      const policy = props.get('sslPolicy').text();
      if (!policy) return 'sslPolicy is absent, which allows TLS 1.0';
      return !goodTlsPolicy.test(policy) && `sslPolicy is ${policy}`;
    },
  },
  propertyRule({
    id: 'elb-invalid-headers',
    controls: ['ELB.4'],
    title: 'Load balancers drop invalid headers',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set dropInvalidHeaderFields to true.',
    types: loadBalancers,
    path: 'dropInvalidHeaderFields',
    wanted: true,
    byDefault: false,
  }),
  propertyRule({
    id: 'elb-access-logs',
    controls: ['ELB.5'],
    title: 'Load balancers log requests',
    severity: 'medium',
    level: 'advisory',
    note: 'The api logs every request. These logs would add those that the load balancer refused.',
    fix: 'Set accessLogs to { enabled: true, bucket }.',
    types: loadBalancers,
    path: 'accessLogs.enabled',
    wanted: true,
    byDefault: false,
  }),
  propertyRule({
    id: 'elb-deletion-protection',
    controls: ['ELB.6'],
    title: 'Load balancers are protected from deletion',
    severity: 'medium',
    level: 'advisory',
    note: 'A load balancer holds no data, and the program can make it again. The database is protected.',
    fix: 'Set enableDeletionProtection to true.',
    types: loadBalancers,
    path: 'enableDeletionProtection',
    wanted: true,
    byDefault: false,
  }),
  propertyRule({
    id: 'elb-desync',
    controls: ['ELB.12'],
    title: 'Load balancers guard against request smuggling',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set desyncMitigationMode to defensive or strictest.',
    types: loadBalancers,
    path: 'desyncMitigationMode',
    wanted: ['defensive', 'strictest'],
    byDefault: 'defensive',
  }),
  {
    id: 'elb-two-zones',
    controls: ['ELB.13'],
    title: 'Load balancers are in at least two availability zones',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Give the load balancer subnets in two zones or more.',
    types: loadBalancers,
    check: ({ props }) => {
      const count = props.get('subnets').list().length + props.get('subnetMappings').list().length;
      return count < 2 && `it has ${count === 1 ? 'one subnet' : 'no subnets'}`;
    },
  },
  {
    id: 'elb-waf',
    controls: ['ELB.16'],
    title: 'Load balancers have a web ACL',
    severity: 'medium',
    level: 'advisory',
    note: 'Not in FSBP. Billed per request.',
    fix: 'Associate a wafv2.WebAcl with the load balancer.',
    checkStack: (stack, report) =>
      report.each(stack.ofType(...loadBalancers), (loadBalancer) => {
        const kind = loadBalancer.props.get('loadBalancerType').text() ?? 'application';
        if (kind !== 'application') return undefined;
        const associated = stack
          .ofType(webAclAssociation)
          .some(({ propertyDependencies }) =>
            propertyDependencies['resourceArn']?.includes(loadBalancer),
          );
        return !associated && 'no wafv2.WebAclAssociation names it';
      }),
  },
];
