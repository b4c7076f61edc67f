import { flagRule } from '../flagRule.ts';
import type { Resource, Rule, StackResource } from '../rule.ts';

const loadBalancers = ['aws:lb/loadBalancer:LoadBalancer', 'aws:alb/loadBalancer:LoadBalancer'];
const listeners = ['aws:lb/listener:Listener', 'aws:alb/listener:Listener'];
const webAclAssociation = 'aws:wafv2/webAclAssociation:WebAclAssociation';

/**
 * TLS 1.2 with forward secrecy, or newer. `Ext` policies bring back old ciphers, and older names
 * old protocols.
 */
const goodTlsPolicy =
  /^ELBSecurityPolicy-TLS13-1-[23](-(Res|FIPS|PQ|Res-FIPS|FIPS-PQ|Res-PQ|Res-FIPS-PQ))*-20\d\d-\d\d$/;

function isApplicationLoadBalancer({ props }: Pick<Resource | StackResource, 'props'>): boolean {
  return (props.get('loadBalancerType').text() ?? 'application') === 'application';
}

export const elbRules: Rule[] = [
  {
    id: 'elb-https',
    controls: ['ELB.1', 'ELB.18'],
    title: 'Load balancers answer over HTTPS; HTTP is redirected there',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Make the listener HTTPS with a certificate, or let its default action redirect to HTTPS.',
    types: listeners,
    check: ({ props }, report) => {
      const protocol = props.get('protocol').text() ?? 'HTTP';
      if (protocol === 'HTTPS' || protocol === 'TLS') return;
      const actions = props.get('defaultActions').list();
      const redirected =
        actions.length > 0 &&
        actions.every(
          (action) =>
            action.get('type').text() === 'redirect' &&
            action.get('redirect.protocol').text() === 'HTTPS',
        );
      if (!redirected) report.violation(`a listener for ${protocol} does not redirect to HTTPS`);
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
    check: ({ props }, report) => {
      if (!['HTTPS', 'TLS'].includes(props.get('protocol').text() ?? 'HTTP')) return;
      const policy = props.get('sslPolicy').text();
      if (!policy) report.violation('sslPolicy is absent, which allows TLS 1.0');
      else if (!goodTlsPolicy.test(policy)) report.violation(`sslPolicy is ${policy}`);
    },
  },
  flagRule({
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
  flagRule({
    id: 'elb-access-logs',
    controls: ['ELB.5'],
    title: 'Load balancers log requests',
    severity: 'medium',
    level: 'advisory',
    note: 'The api logs every request; logs of the load balancer add those it refused.',
    fix: 'Set accessLogs to { enabled: true, bucket }.',
    types: loadBalancers,
    path: 'accessLogs.enabled',
    wanted: true,
    byDefault: false,
  }),
  flagRule({
    id: 'elb-deletion-protection',
    controls: ['ELB.6'],
    title: 'Load balancers are protected from deletion',
    severity: 'medium',
    level: 'advisory',
    note: 'A load balancer holds no data and the program makes it anew; the database is protected.',
    fix: 'Set enableDeletionProtection to true.',
    types: loadBalancers,
    path: 'enableDeletionProtection',
    wanted: true,
    byDefault: false,
  }),
  {
    id: 'elb-desync',
    controls: ['ELB.12'],
    title: 'Load balancers guard against request smuggling',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set desyncMitigationMode to defensive or strictest.',
    types: loadBalancers,
    check: ({ props }, report) => {
      const mode = props.get('desyncMitigationMode').text() ?? 'defensive';
      if (mode !== 'defensive' && mode !== 'strictest')
        report.violation(`desyncMitigationMode is ${mode}`);
    },
  },
  {
    id: 'elb-two-zones',
    controls: ['ELB.13'],
    title: 'Load balancers stand in two availability zones or more',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Give the load balancer subnets in two zones or more.',
    types: loadBalancers,
    check: ({ props }, report) => {
      const count = props.get('subnets').list().length + props.get('subnetMappings').list().length;
      if (count < 2) report.violation(`it has ${count === 1 ? 'one subnet' : 'no subnets'}`);
    },
  },
  {
    id: 'elb-waf',
    controls: ['ELB.16'],
    title: 'Load balancers stand behind a web ACL',
    severity: 'medium',
    level: 'advisory',
    note: 'Not part of the Foundational Security Best Practices; billed per request.',
    fix: 'Associate a wafv2.WebAcl with the load balancer.',
    checkStack: (stack, report) =>
      report.each(stack.ofType(...loadBalancers), (loadBalancer) => {
        if (!isApplicationLoadBalancer(loadBalancer)) return;
        const associated = stack
          .ofType(webAclAssociation)
          .some(({ propertyDependencies }) =>
            propertyDependencies['resourceArn']?.includes(loadBalancer),
          );
        if (!associated) report.violation('no wafv2.WebAclAssociation names it', loadBalancer);
      }),
  },
];
