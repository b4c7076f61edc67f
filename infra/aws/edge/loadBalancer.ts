import { Listener, type ListenerArgs } from '@pulumi/aws/lb/listener.js';
import { ListenerRule } from '@pulumi/aws/lb/listenerRule.js';
import {
  LoadBalancer as Alb,
  type LoadBalancerArgs as AlbArgs,
} from '@pulumi/aws/lb/loadBalancer.js';
import { TargetGroup, type TargetGroupArgs } from '@pulumi/aws/lb/targetGroup.js';
import { Record } from '@pulumi/aws/route53/record.js';
import * as pulumi from '@pulumi/pulumi';
import type { ServiceBlueprint } from '../../blueprint.ts';
import type { Route } from '../../release/route.ts';
import { Component, type Transform } from '../../component.ts';
import { listenerRules, type ListenerRulePlan } from './listenerRules.ts';
import { LogBucket, type LogBucketArgs } from './logBucket.ts';
import { SiteCertificate, type SiteCertificateArgs } from './siteCertificate.ts';
import { WebFirewall, type WebFirewallArgs } from './webFirewall.ts';

export interface LoadBalancerArgs {
  vpcId: pulumi.Input<string>;
  subnetIds: pulumi.Input<string>[];
  securityGroupId: pulumi.Input<string>;
  services: Pick<ServiceBlueprint, 'name' | 'port' | 'readinessPath' | 'drainSeconds'>[];
  /** A request that no route matches is answered with 404. */
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

/** A target group that the load balancer sends requests to. */
interface RoutedGroup {
  arn: pulumi.Output<string>;
  arnSuffix: pulumi.Output<string>;
}

/**
 * The one door to the stack. It only routes, by the blueprint's route table; what no route names is
 * refused.
 */
export class LoadBalancer extends Component {
  /** Where people reach the site. */
  readonly url: pulumi.Output<string>;
  /**
   * The load balancer's own name; the domain has to point there when its DNS is not in Route 53.
   */
  readonly dnsName: pulumi.Output<string>;
  /** CloudWatch's name for the load balancer. */
  readonly arnSuffix: pulumi.Output<string>;
  /**
   * By the service's name; known once the load balancer sends requests there, which ECS asks for.
   */
  readonly targetGroups: { [service: string]: RoutedGroup };
  /** The listener that routes comes first. */
  readonly listenerArns: pulumi.Output<string>[];
  readonly #args: LoadBalancerArgs;

  constructor(name: string, args: LoadBalancerArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:LoadBalancer', name, opts);
    this.#args = args;
    const { https } = args;
    const alb = this.#createLoadBalancer();
    const [routing, ...others] = https
      ? this.#listenForHttps(alb, https)
      : this.#listenInClearText(alb);
    this.listenerArns = [routing, ...others].map(({ arn }) => arn);
    this.targetGroups = this.#createRoutes(routing);
    if (args.waf) {
      const transform = args.transform?.webFirewall;
      this.child(WebFirewall, 'firewall', { loadBalancerArn: alb.arn, transform });
    }
    if (https && 'hostedZoneId' in https) {
      const aliases = [{ name: alb.dnsName, zoneId: alb.zoneId, evaluateTargetHealth: true }];
      const { hostedZoneId: zoneId, domain } = https;
      this.child(Record, 'alias', { zoneId, name: domain, type: 'A', aliases });
    }
    this.url = publicUrl(alb, args);
    this.dnsName = alb.dnsName;
    this.arnSuffix = alb.arnSuffix;
    this.registerOutputs({});
  }

  #createLoadBalancer(): Alb {
    const { accountId, logRetentionDays, protect, transform = {} } = this.#args;
    const logs = this.child(LogBucket, 'logs', {
      accountId,
      retentionDays: logRetentionDays,
      protect,
      transform: transform.logBucket,
    });
    return this.child(
      Alb,
      '',
      {
        loadBalancerType: 'application',
        internal: false,
        subnets: this.#args.subnetIds,
        securityGroups: [this.#args.securityGroupId],
        idleTimeout: idleTimeoutSeconds,
        dropInvalidHeaderFields: true,
        desyncMitigationMode: 'strictest',
        enableDeletionProtection: protect,
        accessLogs: { bucket: logs.bucketName, enabled: true },
      },
      { protect, transform: transform.loadBalancer },
    );
  }

  /** The listener that routes, and one that sends people from http:// to https://. */
  #listenForHttps(alb: Alb, https: Https): [Listener, Listener] {
    const routing = this.#listen(alb, 'https', {
      port: 443,
      protocol: 'HTTPS',
      sslPolicy: tlsPolicy,
      certificateArn: this.#certificateArn(https),
      defaultActions: [noSuchRoute],
    });
    const redirect = { port: '443', protocol: 'HTTPS', statusCode: 'HTTP_301' };
    const defaultActions = [{ type: 'redirect', redirect }];
    return [routing, this.#listen(alb, 'http', { port: 80, protocol: 'HTTP', defaultActions })];
  }

  #listenInClearText(alb: Alb): [Listener] {
    void pulumi.log.warn(
      'The site has no HTTPS: passwords and tokens cross the internet in clear text. Set slipway:domain before anybody uses it.',
      alb,
    );
    const defaultActions = [noSuchRoute];
    return [this.#listen(alb, 'http', { port: 80, protocol: 'HTTP', defaultActions })];
  }

  #listen(alb: Alb, role: string, listener: Omit<ListenerArgs, 'loadBalancerArn'>): Listener {
    const { transform } = this.#args;
    const args = { loadBalancerArn: alb.arn, ...listener };
    return this.child(Listener, role, args, { transform: transform?.listener });
  }

  #certificateArn(https: Https): pulumi.Input<string> {
    if ('certificateArn' in https) return https.certificateArn;
    const transform = this.#args.transform?.certificate;
    return this.child(SiteCertificate, 'certificate', { ...https, transform }).arn;
  }

  /** A target group for each service that a route names. */
  #createRoutes(listener: Listener): LoadBalancer['targetGroups'] {
    const rules = listenerRules(this.#args.routes);
    const groups = this.#args.services.flatMap((service) => {
      const ofService = rules.filter((rule) => rule.service === service.name);
      if (ofService.length === 0) return [];
      return [[service.name, this.#createRoute(service, ofService, listener)] as const];
    });
    return Object.fromEntries(groups);
  }

  #createRoute(service: Target, rules: ListenerRulePlan[], listener: Listener): RoutedGroup {
    const { vpcId, transform } = this.#args;
    const group = this.child(TargetGroup, service.name, targetGroupArgs(service, vpcId), {
      transform: transform?.targetGroup,
    });
    const attached = rules.map(({ name, priority, pathPattern }) =>
      this.child(ListenerRule, name, {
        listenerArn: listener.arn,
        priority,
        conditions: [{ pathPattern: { values: [pathPattern] } }],
        actions: [{ type: 'forward', targetGroupArn: group.arn }],
      }),
    );
    const arn = pulumi
      .all([group.arn, pulumi.all(attached.map((rule) => rule.id))])
      .apply(([first]) => first);
    return { arn, arnSuffix: group.arnSuffix };
  }
}

function publicUrl(alb: Alb, { emulatorEndpoint, https }: LoadBalancerArgs): pulumi.Output<string> {
  // An emulator's names do not resolve: it serves its load balancers below its own address.
  if (emulatorEndpoint) return pulumi.interpolate`${emulatorEndpoint}/_alb/${alb.name}`;
  if (https) return pulumi.output(`https://${https.domain}`);
  return pulumi.interpolate`http://${alb.dnsName}`;
}

type Target = LoadBalancerArgs['services'][number];

function targetGroupArgs(service: Target, vpcId: pulumi.Input<string>): TargetGroupArgs {
  return {
    vpcId,
    targetType: 'ip',
    port: service.port,
    protocol: 'HTTP',
    // As the gateway's `least_conn` on Docker. It excludes a slow start, which the api does not need:
    // it is quick at once.
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
