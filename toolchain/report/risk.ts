import type { Operation, PropertyChange, ResourceChange } from './changes.ts';

/** What a change may cost, the worst first. */
export const risks = ['data', 'outage', 'access', 'release', 'other'] as const;
export type Risk = (typeof risks)[number];

/** A change, and what it may cost. */
export interface RatedChange {
  name: string;
  type: string;
  urn: string;
  /** What a reader calls it, such as `the database`. */
  word: string;
  operation: Exclude<Operation, 'same'>;
  risk: Risk;
  isProtected: boolean;
  properties: PropertyChange[];
}

/** None for a resource that stays as it is. */
export function rate(change: ResourceChange): RatedChange[] {
  const { name, type, urn, operation, isProtected, properties } = change;
  if (operation === 'same') return [];
  const [word, risk] = [wordFor(change), riskOf(change)];
  return [{ name, type, urn, word, operation, risk, isProtected, properties }];
}

export const riskTitles: Record<Risk, string> = {
  data: 'Loses data',
  outage: 'Interrupts',
  access: 'Changes who may do what',
  release: 'Goes with the release',
  other: 'Other changes',
};

/** What holds data that its deletion loses, in a reader's words. */
const holdsData: Record<string, string> = {
  'aws:rds/instance:Instance': 'the database',
  'aws:s3/bucket:Bucket': 'a bucket',
  'aws:elasticache/replicationGroup:ReplicationGroup': 'the cache',
  'aws:ecr/repository:Repository': 'the registry',
  'aws:kms/key:Key': 'an encryption key',
  'aws:secretsmanager/secret:Secret': 'a secret',
  'aws:cloudwatch/logGroup:LogGroup': 'a log group',
  'docker:index/volume:Volume': 'a volume',
  'random:index/randomPassword:RandomPassword': 'a password',
  'random:index/randomBytes:RandomBytes': 'a key',
};

/** What requests go through, so that they fail while it is away. */
const carriesRequests: Record<string, string> = {
  'aws:lb/loadBalancer:LoadBalancer': 'the load balancer',
  'aws:lb/listener:Listener': 'a listener',
  'aws:lb/listenerRule:ListenerRule': 'a route',
  'aws:lb/targetGroup:TargetGroup': 'a target group',
  'aws:ecs/cluster:Cluster': 'the cluster',
  'aws:ecs/service:Service': 'a service',
  'aws:ec2/vpc:Vpc': 'the network',
  'aws:ec2/subnet:Subnet': 'a subnet',
  'aws:ec2/natGateway:NatGateway': 'a NAT gateway',
  'aws:ec2/internetGateway:InternetGateway': 'the internet gateway',
  'aws:ec2/securityGroup:SecurityGroup': 'a security group',
  'aws:acm/certificate:Certificate': 'the certificate',
  'aws:route53/record:Record': 'a name',
  'docker:index/network:Network': 'the network',
};

/** Containers of a stack on Docker that are not instances of the release, by their resource's name. */
const containers: Record<string, string> = {
  postgres: 'the database',
  valkey: 'the cache',
  gateway: 'the gateway',
};

/**
 * Properties whose update restarts what they belong to. Source: "Modifying a DB instance" of the
 * RDS user guide, "Scaling" of the ElastiCache one.
 */
const restarts: Record<string, RegExp> = {
  'aws:rds/instance:Instance':
    /^(instanceClass|engineVersion|parameterGroupName|multiAz|caCertIdentifier|storageType)$/,
  'aws:elasticache/replicationGroup:ReplicationGroup':
    /^(nodeType|engineVersion|parameterGroupName)$/,
};

const grants =
  /^aws:(iam\/|vpc\/securityGroup|ec2\/securityGroup|s3\/bucket(Policy|PublicAccess)|sns\/topicPolicy|kms\/keyPolicy|ecr\/repositoryPolicy|secretsmanager\/secretPolicy)/;
const releases =
  /^(slipway:|aws:ecs\/|docker:index\/(container|remoteImage|tag|image))|^aws:appautoscaling\//;

function riskOf({ type, name, operation, properties }: ResourceChange): Risk {
  const goes = operation === 'replace' || operation === 'delete';
  if (goes && type in holdsData) return 'data';
  if (goes && type in carriesRequests) return 'outage';
  if (operation !== 'create' && type === container && name in containers) return 'outage';
  if (operation === 'update' && properties.some(({ path }) => restarts[type]?.test(path)))
    return 'outage';
  if (grants.test(type)) return 'access';
  if (releases.test(type)) return 'release';
  return 'other';
}

const container = 'docker:index/container:Container';

/** Such as `the database`; a resource without a word of its own is called by its name. */
function wordFor({ type, name }: ResourceChange): string {
  const word = holdsData[type] ?? carriesRequests[type];
  if (type === container) return containers[name] ?? `container ${name}`;
  return word === undefined || !word.startsWith('the ')
    ? `${word ?? shortType(type)} ${name}`
    : word;
}

/** The last part of a type: `Instance` of `aws:rds/instance:Instance`. */
const shortType = (type: string): string => type.split(':').at(-1) ?? type;
