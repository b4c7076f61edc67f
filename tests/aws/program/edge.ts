import * as aws from '@pulumi/aws';
import type { Data } from './data.ts';
import type { Network } from './network.ts';
import { provider } from './provider.ts';

const opts = { provider };
// For the test of what is refused.
const name = process.env['PROOF_LONG_NAME']
  ? 'a-name-of-more-than-thirty-two-characters'
  : 'public';

export function edge({ vpc, publicSubnets, edgeGroup }: Network, { logs }: Data) {
  const loadBalancer = new aws.lb.LoadBalancer(
    name,
    {
      loadBalancerType: 'application',
      subnets: publicSubnets.map(({ id }) => id),
      securityGroups: [edgeGroup.id],
      accessLogs: { bucket: logs.bucket, enabled: true },
      dropInvalidHeaderFields: true,
    },
    opts,
  );
  const zone = new aws.route53.Zone('zone', { name: 'proof.example' }, opts);
  const certificate = new aws.acm.Certificate(
    'certificate',
    { domainName: 'proof.example', validationMethod: 'DNS' },
    opts,
  );
  const validation = certificate.domainValidationOptions.apply((options) => options[0]!);
  const record = new aws.route53.Record(
    'validation',
    {
      zoneId: zone.zoneId,
      name: validation.resourceRecordName,
      type: validation.resourceRecordType,
      records: [validation.resourceRecordValue],
      ttl: 60,
    },
    opts,
  );
  const validated = new aws.acm.CertificateValidation(
    'certificate',
    { certificateArn: certificate.arn, validationRecordFqdns: [record.fqdn] },
    opts,
  );
  new aws.route53.Record(
    'site',
    {
      zoneId: zone.zoneId,
      name: 'proof.example',
      type: 'A',
      aliases: [
        { name: loadBalancer.dnsName, zoneId: loadBalancer.zoneId, evaluateTargetHealth: true },
      ],
    },
    opts,
  );
  const targetGroup = new aws.lb.TargetGroup(
    'app',
    {
      vpcId: vpc.id,
      targetType: 'ip',
      protocol: 'HTTP',
      port: 3000,
      deregistrationDelay: 30,
      healthCheck: { path: '/health/ready', interval: 10, matcher: '200' },
    },
    opts,
  );
  new aws.lb.Listener(
    'http',
    {
      loadBalancerArn: loadBalancer.arn,
      port: 80,
      protocol: 'HTTP',
      defaultActions: [
        { type: 'redirect', redirect: { port: '443', protocol: 'HTTPS', statusCode: 'HTTP_301' } },
      ],
    },
    opts,
  );
  const listener = new aws.lb.Listener(
    'https',
    {
      loadBalancerArn: loadBalancer.arn,
      port: 443,
      protocol: 'HTTPS',
      sslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
      certificateArn: validated.certificateArn,
      defaultActions: [
        { type: 'fixed-response', fixedResponse: { contentType: 'text/plain', statusCode: '404' } },
      ],
    },
    opts,
  );
  const rule = new aws.lb.ListenerRule(
    'api',
    {
      listenerArn: listener.arn,
      priority: 10,
      conditions: [{ pathPattern: { values: ['/api/*', '/health'] } }],
      actions: [{ type: 'forward', targetGroupArn: targetGroup.arn }],
    },
    opts,
  );
  const firewall = new aws.wafv2.WebAcl(
    'firewall',
    {
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: {
        cloudwatchMetricsEnabled: true,
        metricName: 'firewall',
        sampledRequestsEnabled: true,
      },
      rules: [
        {
          name: 'rate',
          priority: 1,
          action: { block: {} },
          statement: { rateBasedStatement: { limit: 2000, aggregateKeyType: 'IP' } },
          visibilityConfig: {
            cloudwatchMetricsEnabled: true,
            metricName: 'rate',
            sampledRequestsEnabled: true,
          },
        },
      ],
    },
    opts,
  );
  new aws.wafv2.WebAclAssociation(
    'firewall',
    { webAclArn: firewall.arn, resourceArn: loadBalancer.arn },
    opts,
  );
  return { loadBalancer, targetGroup, listener, rule };
}

export type Edge = ReturnType<typeof edge>;
