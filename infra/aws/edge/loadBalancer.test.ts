import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { describe, expect, it, vi } from 'vitest';
import { createBlueprint } from '../../blueprint.ts';
import { parseConfig } from '../../config/config.ts';
import { Registered } from '../../test-support/registered.ts';
import type { LoadBalancer as LoadBalancerClass, LoadBalancerArgs } from './loadBalancer.ts';

const { services, routes } = createBlueprint(
  parseConfig({ platform: 'docker', build: 'true' }, { project: 'slipway', stack: 'prod' }),
);

async function loadBalancer(overrides: Partial<LoadBalancerArgs> = {}) {
  let made: LoadBalancerClass | undefined;
  const warn = vi.spyOn(pulumi.log, 'warn').mockResolvedValue();
  const registered = await Registered.by(async () => {
    const { LoadBalancer } = await import('./loadBalancer.ts');
    made = new LoadBalancer('gateway', {
      vpcId: 'vpc-1',
      subnetIds: ['subnet-1', 'subnet-2'],
      securityGroupId: 'sg-1',
      services: [
        ...services,
        { name: 'worker', port: 3000, readinessPath: '/health', drainSeconds: 10 },
      ],
      routes,
      accountId: '123456789012',
      https: { domain: 'chat.example.com', hostedZoneId: 'Z1' },
      waf: false,
      protect: true,
      logRetentionDays: 30,
      ...overrides,
    });
  });
  const warnings = warn.mock.calls.map(([message]) => message);
  warn.mockRestore();
  if (!made) throw new Error('no load balancer');
  return { registered, loadBalancer: made, warnings };
}

const value = <T>(output: pulumi.Output<T>): Promise<T> =>
  new Promise((settle) => void output.apply(settle));
const listenerType = 'aws:lb/listener:Listener';
const albType = 'aws:lb/loadBalancer:LoadBalancer';

describe('a load balancer', async () => {
  const { registered, loadBalancer: made, warnings } = await loadBalancer();

  it('refuses what no route names, with a problem document', () => {
    const { defaultActions } = registered.inputs(listenerType, 'gateway-https');
    expect(defaultActions).toMatchObject([
      { type: 'fixed-response', fixedResponse: { statusCode: '404' } },
    ]);
    const [{ fixedResponse }] = defaultActions as [{ fixedResponse: { messageBody: string } }];
    expect(JSON.parse(fixedResponse.messageBody)).toMatchObject({
      status: 404,
      title: 'Not Found',
    });
  });

  it('forwards each route to the service that the table names', () => {
    const rules = registered.ofType('aws:lb/listenerRule:ListenerRule');
    expect(rules).toHaveLength(routes.length);
    for (const { inputs } of rules) {
      expect(inputs).toMatchObject({
        listenerArn: 'arn:aws:test:::gateway-https',
        actions: [{ type: 'forward', targetGroupArn: 'arn:aws:test:::gateway-api' }],
      });
    }
  });

  it('takes TLS 1.2 and 1.3 alone, and sends clear text there', () => {
    expect(registered.inputs(listenerType, 'gateway-https')).toMatchObject({
      port: 443,
      protocol: 'HTTPS',
      sslPolicy: 'ELBSecurityPolicy-TLS13-1-2-Res-2021-06',
    });
    expect(registered.inputs(listenerType, 'gateway-http')['defaultActions']).toEqual([
      { type: 'redirect', redirect: { port: '443', protocol: 'HTTPS', statusCode: 'HTTP_301' } },
    ]);
    expect(warnings).toEqual([]);
  });

  it('listens once its certificate is issued, and is found under the domain', async () => {
    expect(
      registered.inputs('aws:route53/record:Record', 'gateway-certificate-validation'),
    ).toMatchObject({
      zoneId: 'Z1',
      type: 'CNAME',
      name: '_proof.example.com',
    });
    expect(registered.ofType('aws:acm/certificateValidation:CertificateValidation')).toHaveLength(
      1,
    );
    expect(registered.inputs('aws:route53/record:Record', 'gateway-alias')).toMatchObject({
      name: 'chat.example.com',
      type: 'A',
      aliases: [{ name: 'gateway.elb.amazonaws.com', zoneId: 'Z-ELB' }],
    });
    expect(await value(made.url)).toBe('https://chat.example.com');
  });

  it('drops malformed headers and ambiguous requests, and cannot be deleted by mistake', () => {
    expect(registered.inputs(albType, 'gateway')).toMatchObject({
      dropInvalidHeaderFields: true,
      desyncMitigationMode: 'strictest',
      enableDeletionProtection: true,
      securityGroups: ['sg-1'],
    });
  });

  it('closes an idle connection before the api does', () => {
    const listener = readFileSync(
      resolve(import.meta.dirname, '../../../app/src/listener.ts'),
      'utf8',
    );
    const keepAliveMs = Number(
      /keepAliveTimeout: ([\d_]+)/.exec(listener)?.[1]?.replaceAll('_', ''),
    );
    const { idleTimeout } = registered.inputs(albType, 'gateway');
    expect(keepAliveMs).toBeGreaterThan(Number(idleTimeout) * 1000);
  });

  it('asks instances whether they are ready, and lets go of them as fast as they drain', () => {
    expect(registered.inputs('aws:lb/targetGroup:TargetGroup', 'gateway-api')).toMatchObject({
      targetType: 'ip',
      port: 3000,
      deregistrationDelay: services[0]?.drainSeconds,
      healthCheck: { path: '/health/ready', matcher: '200' },
    });
  });

  it('has no target group for a service without a route', () => {
    expect(Object.keys(made.targetGroups)).toEqual(['api']);
    expect(registered.ofType('aws:lb/targetGroup:TargetGroup')).toHaveLength(1);
  });

  it('logs into a private, encrypted bucket that forgets', () => {
    expect(registered.inputs(albType, 'gateway')['accessLogs']).toEqual({
      bucket: 'gateway-logs-id',
      enabled: true,
    });
    expect(
      registered.inputs('aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock', 'gateway-logs'),
    ).toMatchObject({
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    const encryption =
      'aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration';
    expect(JSON.stringify(registered.inputs(encryption, 'gateway-logs'))).toContain('"AES256"');
    expect(
      registered.inputs('aws:s3/bucketOwnershipControls:BucketOwnershipControls', 'gateway-logs')[
        'rule'
      ],
    ).toEqual({ objectOwnership: 'BucketOwnerEnforced' });
    const lifecycle = 'aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration';
    expect(registered.inputs(lifecycle, 'gateway-logs')['rules']).toMatchObject([
      { expiration: { days: 30 } },
    ]);
    expect(registered.inputs('aws:s3/bucket:Bucket', 'gateway-logs')['forceDestroy']).toBe(false);
  });

  it('lets load balancers write logs of this account, and nobody without TLS do anything', () => {
    const [write, tls] = registered.policy(
      'aws:s3/bucketPolicy:BucketPolicy',
      'gateway-logs',
    ).Statement;
    expect(write).toMatchObject({
      Effect: 'Allow',
      Action: 's3:PutObject',
      Principal: { Service: 'logdelivery.elasticloadbalancing.amazonaws.com' },
      Resource: 'arn:aws:test:::gateway-logs/AWSLogs/123456789012/*',
    });
    expect(tls).toMatchObject({
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    });
  });
});

describe('without a domain', async () => {
  const {
    registered,
    loadBalancer: made,
    warnings,
  } = await loadBalancer({ https: undefined, protect: false });

  it('says loudly that nothing is encrypted', async () => {
    expect(warnings.join()).toContain('no HTTPS');
    expect(await value(made.url)).toBe('http://gateway.elb.amazonaws.com');
  });

  it('has the same rules on port 80, default deny included', () => {
    expect(registered.ofType(listenerType)).toHaveLength(1);
    expect(registered.inputs(listenerType, 'gateway-http')['defaultActions']).toMatchObject([
      { type: 'fixed-response', fixedResponse: { statusCode: '404' } },
    ]);
    expect(registered.ofType('aws:lb/listenerRule:ListenerRule')).toHaveLength(routes.length);
  });

  it('can be taken down where the stack is not protected', () => {
    expect(registered.inputs(albType, 'gateway')['enableDeletionProtection']).toBe(false);
    expect(registered.inputs('aws:s3/bucket:Bucket', 'gateway-logs')['forceDestroy']).toBe(true);
  });
});

it('takes a certificate made elsewhere, and leaves the DNS alone', async () => {
  const { registered } = await loadBalancer({
    https: { domain: 'chat.example.com', certificateArn: 'arn:mine' },
  });
  expect(registered.inputs(listenerType, 'gateway-https')['certificateArn']).toBe('arn:mine');
  expect(registered.ofType('aws:route53/record:Record')).toEqual([]);
});

describe('the web firewall', async () => {
  const { registered } = await loadBalancer({ waf: true });
  const { rules } = registered.inputs('aws:wafv2/webAcl:WebAcl', 'gateway-firewall') as {
    rules: {
      name: string;
      priority: number;
      action?: object;
      overrideAction?: object;
      statement: { managedRuleGroupStatement?: { ruleActionOverrides: { name: string }[] } };
      visibilityConfig: { sampledRequestsEnabled: boolean };
    }[];
  };

  it('stands before the load balancer', () => {
    expect(
      registered.inputs('aws:wafv2/webAclAssociation:WebAclAssociation', 'gateway-firewall'),
    ).toMatchObject({
      resourceArn: 'arn:aws:test:::gateway',
    });
  });

  it('limits each address, and blocks by AWS’s own rules', () => {
    expect(rules[0]).toMatchObject({
      statement: { rateBasedStatement: { limit: 2000, aggregateKeyType: 'IP' } },
      action: { block: {} },
    });
    expect(rules.slice(1).map(({ overrideAction }) => overrideAction)).toEqual(
      Array(4).fill({ none: {} }),
    );
    expect(new Set(rules.map(({ priority }) => priority)).size).toBe(rules.length);
  });

  it('refuses nobody’s message for what it is about', () => {
    const counted = rules.flatMap(
      ({ statement }) => statement.managedRuleGroupStatement?.ruleActionOverrides ?? [],
    );
    expect(counted.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['SizeRestrictions_BODY', 'CrossSiteScripting_BODY', 'SQLi_BODY']),
    );
    for (const { name } of counted) expect(name).toMatch(/_BODY$/);
  });

  it('keeps no samples, which would show tokens', () => {
    for (const { visibilityConfig } of rules)
      expect(visibilityConfig.sampledRequestsEnabled).toBe(false);
  });
});
