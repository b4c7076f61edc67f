import { SecurityGroup, type SecurityGroupArgs } from '@pulumi/aws/ec2/securityGroup.js';
import {
  SecurityGroupEgressRule,
  type SecurityGroupEgressRuleArgs,
} from '@pulumi/aws/vpc/securityGroupEgressRule.js';
import {
  SecurityGroupIngressRule,
  type SecurityGroupIngressRuleArgs,
} from '@pulumi/aws/vpc/securityGroupIngressRule.js';
import * as pulumi from '@pulumi/pulumi';
import type { Route, ServiceBlueprint } from '../../blueprint.ts';
import { nameTag } from '../naming.ts';
import { transformed, type Transform } from '../transform.ts';

export interface SecurityGroupsArgs {
  vpcId: pulumi.Input<string>;
  services: Pick<ServiceBlueprint, 'name' | 'port'>[];
  /** A service that no route names gets no request from the load balancer. */
  routes: Pick<Route, 'service'>[];
  /** Who may reach the load balancer, IPv4 blocks. */
  allowedCidrs: string[];
  /** Whether the load balancer listens on 443 as well as on 80. */
  https: boolean;
  /** Changes the underlying resources, applied last. */
  transform?: {
    group?: Transform<SecurityGroupArgs>;
    ingressRule?: Transform<SecurityGroupIngressRuleArgs>;
    egressRule?: Transform<SecurityGroupEgressRuleArgs>;
  };
}

const databasePort = 5432;
const cachePort = 6379;

/**
 * Who may talk to whom. Every arrow is one rule at each end; what is not here is refused: clients →
 * load balancer → services → database, cache; tasks → database; services and tasks → HTTPS anywhere
 * (the model, and AWS itself). Name resolution passes no security group.
 */
export class SecurityGroups extends pulumi.ComponentResource {
  readonly loadBalancerId: pulumi.Output<string>;
  /** By the service's name. */
  readonly serviceIds: Record<string, pulumi.Output<string>>;
  /** For one-off tasks: migrations and seeds. */
  readonly taskId: pulumi.Output<string>;
  readonly databaseId: pulumi.Output<string>;
  readonly cacheId: pulumi.Output<string>;

  constructor(name: string, args: SecurityGroupsArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:SecurityGroups', name, {}, opts);
    const { transform = {} } = args;
    const parent = { parent: this };
    const group = (role: string, description: string) => {
      const logical = `${name}-${role}`;
      const groupArgs = { vpcId: args.vpcId, description, tags: nameTag(logical) };
      return new SecurityGroup(
        ...transformed<SecurityGroupArgs>(transform.group, logical, groupArgs, parent),
      ).id;
    };
    const ingress = (role: string, to: pulumi.Input<string>, port: number, from: Peer) => {
      const rule = { securityGroupId: to, ...tcp(port), ...from };
      const logical = `${name}-${role}`;
      new SecurityGroupIngressRule(
        ...transformed<SecurityGroupIngressRuleArgs>(transform.ingressRule, logical, rule, parent),
      );
    };
    const egress = (role: string, from: pulumi.Input<string>, port: number, to: Peer) => {
      const rule = { securityGroupId: from, ...tcp(port), ...to };
      const logical = `${name}-${role}`;
      new SecurityGroupEgressRule(
        ...transformed<SecurityGroupEgressRuleArgs>(transform.egressRule, logical, rule, parent),
      );
    };
    /** One rule at each end. */
    const allow = (from: End, to: End, port: number) => {
      egress(`${from.role}-to-${to.role}`, from.id, port, { referencedSecurityGroupId: to.id });
      ingress(`${to.role}-from-${from.role}`, to.id, port, { referencedSecurityGroupId: from.id });
    };

    const loadBalancer = { role: 'load-balancer', id: group('load-balancer', 'The load balancer') };
    const database = { role: 'database', id: group('database', 'Postgres') };
    const cache = { role: 'cache', id: group('cache', 'Valkey') };
    const task = { role: 'task', id: group('task', 'One-off tasks: migrations and seeds') };
    const services = args.services.map((service) => ({
      role: service.name,
      id: group(service.name, `Service ${service.name}`),
      port: service.port,
      routed: args.routes.some((route) => route.service === service.name),
    }));

    for (const port of args.https ? [80, 443] : [80]) {
      for (const cidr of args.allowedCidrs) {
        ingress(`load-balancer-${port}-from-${cidr.replace('/', '-')}`, loadBalancer.id, port, {
          cidrIpv4: cidr,
        });
      }
    }
    for (const service of services) {
      if (service.routed) allow(loadBalancer, service, service.port);
      allow(service, database, databasePort);
      allow(service, cache, cachePort);
      egress(`${service.role}-to-https`, service.id, 443, { cidrIpv4: '0.0.0.0/0' });
    }
    allow(task, database, databasePort);
    egress('task-to-https', task.id, 443, { cidrIpv4: '0.0.0.0/0' });

    this.loadBalancerId = loadBalancer.id;
    this.serviceIds = Object.fromEntries(services.map(({ role, id }) => [role, id]));
    this.taskId = task.id;
    this.databaseId = database.id;
    this.cacheId = cache.id;
    this.registerOutputs({});
  }
}

/** One end of an arrow: a group, and its name in the rules. */
interface End {
  role: string;
  id: pulumi.Output<string>;
}

/** Who is at the other end. */
type Peer = { referencedSecurityGroupId: pulumi.Input<string> } | { cidrIpv4: string };

function tcp(port: number): { ipProtocol: string; fromPort: number; toPort: number } {
  return { ipProtocol: 'tcp', fromPort: port, toPort: port };
}
