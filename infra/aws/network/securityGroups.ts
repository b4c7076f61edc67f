import { SecurityGroup, type SecurityGroupArgs } from '@pulumi/aws/ec2/securityGroup.js';
import {
  SecurityGroupEgressRule,
  type SecurityGroupEgressRuleArgs,
} from '@pulumi/aws/vpc/securityGroupEgressRule.js';
import {
  SecurityGroupIngressRule,
  type SecurityGroupIngressRuleArgs,
} from '@pulumi/aws/vpc/securityGroupIngressRule.js';
import type * as pulumi from '@pulumi/pulumi';
import type { ServiceBlueprint } from '../../blueprint.ts';
import type { Route } from '../../release/route.ts';
import { Component, type Transform } from '../../component.ts';
import { nameTag } from '../naming.ts';

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
export class SecurityGroups extends Component {
  readonly loadBalancerId: pulumi.Output<string>;
  /** By the service's name. */
  readonly serviceIds: Record<string, pulumi.Output<string>>;
  /** For one-off tasks: migrations and seeds. */
  readonly taskId: pulumi.Output<string>;
  readonly databaseId: pulumi.Output<string>;
  readonly cacheId: pulumi.Output<string>;
  readonly #transform: NonNullable<SecurityGroupsArgs['transform']>;

  constructor(name: string, args: SecurityGroupsArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:SecurityGroups', name, opts);
    this.#transform = args.transform ?? {};
    const { vpcId } = args;

    const loadBalancer = this.#createGroup(vpcId, 'load-balancer', 'The load balancer');
    const database = this.#createGroup(vpcId, 'database', 'Postgres');
    const cache = this.#createGroup(vpcId, 'cache', 'Valkey');
    const task = this.#createGroup(vpcId, 'task', 'One-off tasks: migrations and seeds');
    const services = args.services.map(({ name, port }) => ({
      ...this.#createGroup(vpcId, name, `Service ${name}`),
      port,
      routed: args.routes.some((route) => route.service === name),
    }));

    for (const port of args.https ? [80, 443] : [80]) {
      for (const cidrIpv4 of args.allowedCidrs) {
        const role = `load-balancer-${port}-from-${cidrIpv4.replace('/', '-')}`;
        this.#allowIn(role, loadBalancer, port, { cidrIpv4 });
      }
    }
    for (const service of services) {
      if (service.routed) this.#allow(loadBalancer, service, service.port);
      this.#allow(service, database, databasePort);
      this.#allow(service, cache, cachePort);
      this.#allowHttps(service);
    }
    this.#allow(task, database, databasePort);
    this.#allowHttps(task);

    this.loadBalancerId = loadBalancer.id;
    this.serviceIds = Object.fromEntries(services.map(({ role, id }) => [role, id]));
    this.taskId = task.id;
    this.databaseId = database.id;
    this.cacheId = cache.id;
    this.registerOutputs({});
  }

  #createGroup(vpcId: pulumi.Input<string>, role: string, description: string): End {
    const { id } = this.child(
      SecurityGroup,
      role,
      { vpcId, description, tags: nameTag(this.childName(role)) },
      { transform: this.#transform.group },
    );
    return { role, id };
  }

  /** One rule at each end. */
  #allow(from: End, to: End, port: number): void {
    this.#allowOut(`${from.role}-to-${to.role}`, from, port, {
      referencedSecurityGroupId: to.id,
    });
    this.#allowIn(`${to.role}-from-${from.role}`, to, port, {
      referencedSecurityGroupId: from.id,
    });
  }

  #allowHttps(from: End): void {
    this.#allowOut(`${from.role}-to-https`, from, 443, { cidrIpv4: '0.0.0.0/0' });
  }

  #allowIn(role: string, { id: securityGroupId }: End, port: number, from: Peer): void {
    const rule = { securityGroupId, ...tcp(port), ...from };
    this.child(SecurityGroupIngressRule, role, rule, { transform: this.#transform.ingressRule });
  }

  #allowOut(role: string, { id: securityGroupId }: End, port: number, to: Peer): void {
    const rule = { securityGroupId, ...tcp(port), ...to };
    this.child(SecurityGroupEgressRule, role, rule, { transform: this.#transform.egressRule });
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
