import { Listener, type ListenerArgs } from '@pulumi/aws/lb/listener.js';
import { ListenerRule } from '@pulumi/aws/lb/listenerRule.js';
import {
  LoadBalancer as Alb,
  type LoadBalancerArgs as AlbArgs,
} from '@pulumi/aws/lb/loadBalancer.js';
import { TargetGroup, type TargetGroupArgs } from '@pulumi/aws/lb/targetGroup.js';
import { Record } from '@pulumi/aws/route53/record.js';
import * as pulumi from '@pulumi/pulumi';
import type { Route, ServiceBlueprint } from '../../blueprint.ts';
import { listenerRules } from './listenerRules.ts';
import { LogBucket, type LogBucketArgs } from './logBucket.ts';
import { SiteCertificate, type SiteCertificateArgs } from './siteCertificate.ts';
import { transformed, type Transform } from '../transform.ts';
import { WebFirewall, type WebFirewallArgs } from './webFirewall.ts';

export interface LoadBalancerArgs {
  vpcId: pulumi.Input<string>;
  subnetIds: pulumi.Input<string>[];
  securityGroupId: pulumi.Input<string>;
  services: Pick<ServiceBlueprint, 'name' | 'port' | 'readinessPath' | 'drainSeconds'>[];
  /** What no route matches is answered with 404. */
  routes: Route[];
  accountId: string;
  /** Where an emulator that stands in for AWS is, such as `http://127.0.0.1:4566`. */
  emulatorEndpoint?: string | undefined;
  /** How the site gets HTTPS; without it everything passes in clear text. */
  https?: Https | undefined;
  waf: boolean;
  /** Protects the load balancer and its logs from deletion. */
  protect: boolean;
  /** Access logs are removed after so many days. */
  logRetentionDays: number;
  /** Changes the underlying resources, applied last. */
  transform?: {
    loadBalancer?: Transform<AlbArgs>;
    targetGroup?: Transform<TargetGroupArgs>;
    listener?: Transform<ListenerArgs>;
    logBucket?: LogBucketArgs['transform'];
    certificate?: SiteCertificateArgs['transform'];
    webFirewall?: WebFirewallArgs['transform'];
  };
}

/**
 * The site's name, with a zone in Route 53 for its certificate and its address, or with a
 * certificate made elsewhere.
 */
export type Https = { domain: string } & ({ hostedZoneId: string } | { certificateArn: string });

/**
 * How long a connection may be silent, seconds. Shorter than the api's own keep-alive (75 s,
 * `app/src/roles/serve.ts`): the load balancer must be the one that closes, or it sends a request
 * into a connection that the api just closed, which is a 502. A WebSocket has to say something at
 * least so often, a ping will do.
 */
const idleTimeoutSeconds = 60;

/** TLS 1.2 with forward secrecy and AEAD ciphers, and TLS 1.3. */
const tlsPolicy = 'ELBSecurityPolicy-TLS13-1-2-Res-2021-06';

/**
 * As the gateway on Docker answers; `application/problem+json` is not among the types that a load
 * balancer can say.
 */
const noSuchRoute = {
  type: 'fixed-response',
  fixedResponse: {
    contentType: 'application/json',
    statusCode: '404',
    messageBody: JSON.stringify({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      detail: 'The gateway has no such route.',
    }),
  },
};

/**
 * The one door to the stack. It only routes, by the blueprint's route table; what no route names is
 * refused.
 */
export class LoadBalancer extends pulumi.ComponentResource {
  /** Where people reach the site. */
  readonly url: pulumi.Output<string>;
  /**
   * The load balancer's own name; the domain has to point there when its DNS is not in Route 53.
   */
  readonly dnsName: pulumi.Output<string>;
  /** What CloudWatch calls the load balancer. */
  readonly arnSuffix: pulumi.Output<string>;
  /**
   * By the service's name; known once the load balancer sends requests there, which ECS asks for.
   */
  readonly targetGroups: {
    [service: string]: { arn: pulumi.Output<string>; arnSuffix: pulumi.Output<string> };
  };
  /** The listener that routes comes first. */
  readonly listenerArns: pulumi.Output<string>[];

  constructor(name: string, args: LoadBalancerArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:LoadBalancer', name, {}, opts);
    const { https, transform = {} } = args;
    const parent = { parent: this };

    const logs = new LogBucket(
      `${name}-logs`,
      {
        accountId: args.accountId,
        retentionDays: args.logRetentionDays,
        protect: args.protect,
        ...(transform.logBucket ? { transform: transform.logBucket } : {}),
      },
      parent,
    );
    const albArgs: AlbArgs = {
      loadBalancerType: 'application',
      internal: false,
      subnets: args.subnetIds,
      securityGroups: [args.securityGroupId],
      idleTimeout: idleTimeoutSeconds,
      dropInvalidHeaderFields: true,
      desyncMitigationMode: 'strictest',
      enableDeletionProtection: args.protect,
      accessLogs: { bucket: logs.bucket, enabled: true },
    };
    const alb = new Alb(
      ...transformed<AlbArgs>(transform.loadBalancer, name, albArgs, {
        ...parent,
        protect: args.protect,
      }),
    );

    const listen = (role: string, listener: Omit<ListenerArgs, 'loadBalancerArn'>) =>
      new Listener(
        ...transformed<ListenerArgs>(
          transform.listener,
          `${name}-${role}`,
          { loadBalancerArn: alb.arn, ...listener },
          parent,
        ),
      );
    const routing = https
      ? listen('https', {
          port: 443,
          protocol: 'HTTPS',
          sslPolicy: tlsPolicy,
          certificateArn: certificateArn(
            `${name}-certificate`,
            https,
            transform.certificate,
            parent,
          ),
          defaultActions: [noSuchRoute],
        })
      : listen('http', { port: 80, protocol: 'HTTP', defaultActions: [noSuchRoute] });
    this.listenerArns = [routing.arn];
    if (https) {
      const redirect = { port: '443', protocol: 'HTTPS', statusCode: 'HTTP_301' };
      const defaultActions = [{ type: 'redirect', redirect }];
      this.listenerArns.push(listen('http', { port: 80, protocol: 'HTTP', defaultActions }).arn);
    }

    const rules = listenerRules(args.routes);
    this.targetGroups = {};
    for (const service of args.services) {
      const ofService = rules.filter((rule) => rule.service === service.name);
      if (ofService.length === 0) continue;
      const groupArgs = targetGroupArgs(service, args.vpcId);
      const group = new TargetGroup(
        ...transformed<TargetGroupArgs>(
          transform.targetGroup,
          `${name}-${service.name}`,
          groupArgs,
          parent,
        ),
      );
      const attached = ofService.map(
        (rule) =>
          new ListenerRule(
            `${name}-${rule.name}`,
            {
              listenerArn: routing.arn,
              priority: rule.priority,
              conditions: [{ pathPattern: { values: [rule.pathPattern] } }],
              actions: [{ type: 'forward', targetGroupArn: group.arn }],
            },
            parent,
          ),
      );
      const arn = pulumi
        .all([group.arn, pulumi.all(attached.map((rule) => rule.id))])
        .apply(([first]) => first);
      this.targetGroups[service.name] = { arn, arnSuffix: group.arnSuffix };
    }

    if (args.waf) {
      const firewall = transform.webFirewall ? { transform: transform.webFirewall } : {};
      new WebFirewall(`${name}-firewall`, { loadBalancerArn: alb.arn, ...firewall }, parent);
    }
    if (https && 'hostedZoneId' in https) {
      const aliases = [{ name: alb.dnsName, zoneId: alb.zoneId, evaluateTargetHealth: true }];
      new Record(
        `${name}-alias`,
        { zoneId: https.hostedZoneId, name: https.domain, type: 'A', aliases },
        parent,
      );
    }
    if (!https) {
      void pulumi.log.warn(
        'The site has no HTTPS: passwords and tokens cross the internet in clear text. Set slipway:domain before anybody uses it.',
        alb,
      );
    }
    this.url = https
      ? pulumi.output(`https://${https.domain}`)
      : pulumi.interpolate`http://${alb.dnsName}`;
    // An emulator's names do not resolve: it serves its load balancers below its own address.
    if (args.emulatorEndpoint)
      this.url = pulumi.interpolate`${args.emulatorEndpoint}/_alb/${alb.name}`;
    this.dnsName = alb.dnsName;
    this.arnSuffix = alb.arnSuffix;
    this.registerOutputs({});
  }
}

function certificateArn(
  name: string,
  https: Https,
  transform: SiteCertificateArgs['transform'],
  opts: pulumi.ComponentResourceOptions,
): pulumi.Input<string> {
  if ('certificateArn' in https) return https.certificateArn;
  const args = {
    domain: https.domain,
    hostedZoneId: https.hostedZoneId,
    ...(transform ? { transform } : {}),
  };
  return new SiteCertificate(name, args, opts).arn;
}

function targetGroupArgs(
  service: LoadBalancerArgs['services'][number],
  vpcId: pulumi.Input<string>,
): TargetGroupArgs {
  return {
    vpcId,
    targetType: 'ip',
    port: service.port,
    protocol: 'HTTP',
    // As the gateway's `least_conn` on Docker. It excludes a slow start, which an api that is quick
    // at once does not need.
    loadBalancingAlgorithmType: 'least_outstanding_requests',
    // No new requests from the moment a task is to stop; ECS sends SIGTERM after this, and the task
    // drains in turn.
    deregistrationDelay: service.drainSeconds,
    healthCheck: {
      path: service.readinessPath,
      protocol: 'HTTP',
      port: 'traffic-port',
      matcher: '200',
      interval: 10,
      timeout: 5,
      healthyThreshold: 2,
      unhealthyThreshold: 3,
    },
  };
}
