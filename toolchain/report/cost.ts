import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ResourceChange } from './changes.ts';

/** Prices in USD by region, with where and when they were read. */
export interface PriceTable {
  /** ISO 8601 date. */
  date: string;
  source: string;
  regions: Record<string, Record<string, number>>;
  /** What costs the same in every region. */
  everywhere: Record<string, number>;
}

/** What the profiles are billed for: made and checked by infra/aws/awsPlatform.test.ts. */
export const readProfiles = (): Record<string, BilledItem[]> =>
  JSON.parse(readFileSync(profilesFile, 'utf8')) as Record<string, BilledItem[]>;

export const profilesFile = join(import.meta.dirname, 'profiles.json');

/** What a stack costs a month, in USD. */
export interface Cost {
  lines: CostLine[];
  total: number;
  /** What is billed and has no price here, so that the total lacks it. */
  unpriced: string[];
}

export interface CostLine {
  resource: string;
  /** Such as `db.t4g.micro, 730 h`. */
  what: string;
  perMonth: number;
  /** Whether the price is that of another region, for want of its own. */
  isBorrowed: boolean;
}

export interface CostChange {
  before: Cost;
  after: Cost;
  assumptions: string[];
}

/** What of a resource a bill depends on. */
export interface BilledResource {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

const hoursPerMonth = 730;
/** Where a region lacks a price. */
const reference = 'us-east-1';

export const readPrices = (): PriceTable =>
  JSON.parse(readFileSync(join(import.meta.dirname, 'prices.json'), 'utf8')) as PriceTable;

export function assumptions(prices: PriceTable, region: string): string[] {
  const own = prices.regions[region] !== undefined;
  return [
    `Prices of ${region}, ${prices.date}: ${prices.source}.`,
    own
      ? `A star marks what the table knows for ${reference} alone.`
      : `The table does not know ${region}: these are ${reference}'s.`,
    `${hoursPerMonth} hours a month; as many tasks as always run, none on spot; no free tier, no discount, no tax.`,
    'Not in it, as they follow the use: traffic, load balancer units, logs, metrics, backups beyond the storage, image and media storage.',
  ];
}

export function costChange(changes: ResourceChange[], region: string): CostChange {
  const prices = readPrices();
  const side = (which: 'before' | 'after') =>
    price(
      billedItems(
        changes.flatMap(({ type, name, ...change }) => {
          const inputs = change[which];
          return inputs ? [{ type, name, inputs }] : [];
        }),
      ),
      region,
      prices,
    );
  return {
    before: side('before'),
    after: side('after'),
    assumptions: assumptions(prices, region),
  };
}

/** Such as `+$14`. */
export function costDifference({ before, after }: CostChange): string {
  const difference = Math.round(after.total - before.total);
  return `${difference < 0 ? '−' : '+'}$${Math.abs(difference)}`;
}

/** @param region such as `eu-central-1` */
export function price(items: BilledItem[], region: string, prices: PriceTable): Cost {
  const cost: Cost = { lines: [], total: 0, unpriced: [] };
  for (const { resource, key, amount, what } of items) {
    const own = prices.regions[region]?.[key] ?? prices.everywhere[key];
    const each = own ?? prices.regions[reference]?.[key];
    if (each === undefined) {
      cost.unpriced.push(`${resource}: ${what}`);
      continue;
    }
    const perMonth = each * amount;
    cost.lines.push({ resource, what, perMonth, isBorrowed: own === undefined });
    cost.total += perMonth;
  }
  cost.lines.sort((a, b) => b.perMonth - a.perMonth);
  return cost;
}

/** What a resource is billed for in a month: the key of its price, and how much of it. */
interface Item {
  key: string;
  amount: number;
  what: string;
}

export type BilledItem = Item & { resource: string };

/** What a stack of these resources is billed for every month. */
export const billedItems = (resources: BilledResource[]): BilledItem[] =>
  resources.flatMap(({ type, name, inputs }) =>
    (billed[type]?.(new Inputs(inputs), resources, name) ?? []).map((item) => ({
      resource: name,
      ...item,
    })),
  );

type Items = (inputs: Inputs, all: BilledResource[], name: string) => Item[];

const hourly = (key: string, count: number, what: string): Item => ({
  key,
  amount: count * hoursPerMonth,
  what: `${what}${count === 1 ? '' : ` × ${count}`}`,
});

/** By type, everything in a stack that is billed by the month. */
const billed: Record<string, Items> = {
  'aws:ecs/service:Service': tasks,
  'aws:rds/instance:Instance': (inputs) => {
    const nodes = inputs.flag('multiAz') ? 2 : 1;
    const size = inputs.text('instanceClass');
    const storage = inputs.number('allocatedStorage');
    return [
      hourly(`rds:${size}:hour`, nodes, size),
      {
        key: `rds:${inputs.text('storageType') || 'gp3'}:gb-month`,
        amount: storage * nodes,
        what: `${storage} GiB of storage${nodes === 1 ? '' : ` × ${nodes}`}`,
      },
    ];
  },
  'aws:elasticache/replicationGroup:ReplicationGroup': (inputs) => [
    hourly(
      `elasticache:${inputs.text('nodeType')}:hour`,
      inputs.number('numCacheClusters') || 1,
      inputs.text('nodeType'),
    ),
  ],
  'aws:ec2/natGateway:NatGateway': () => [hourly('nat:hour', 1, 'NAT gateway')],
  'aws:ec2/eip:Eip': () => [hourly('ipv4:hour', 1, 'public address')],
  'aws:lb/loadBalancer:LoadBalancer': (inputs) => [
    hourly('alb:hour', 1, 'load balancer'),
    ...(inputs.flag('internal')
      ? []
      : [hourly('ipv4:hour', inputs.list('subnets').length || 2, 'public address')]),
  ],
  'aws:ec2/vpcEndpoint:VpcEndpoint': (inputs) =>
    inputs.text('vpcEndpointType') === 'Interface'
      ? [hourly('endpoint:zone-hour', inputs.list('subnetIds').length || 2, 'interface endpoint')]
      : [],
  'aws:kms/key:Key': () => [{ key: 'kms:key-month', amount: 1, what: 'key' }],
  'aws:secretsmanager/secret:Secret': () => [{ key: 'secret:month', amount: 1, what: 'secret' }],
  'aws:cloudwatch/metricAlarm:MetricAlarm': () => [
    { key: 'alarm:month', amount: 1, what: 'alarm' },
  ],
  'aws:cloudwatch/dashboard:Dashboard': () => [
    { key: 'dashboard:month', amount: 1, what: 'dashboard' },
  ],
  'aws:wafv2/webAcl:WebAcl': (inputs) => [
    { key: 'waf:acl-month', amount: 1, what: 'web firewall' },
    {
      key: 'waf:rule-month',
      amount: inputs.list('rules').length,
      what: `rule × ${inputs.list('rules').length}`,
    },
  ],
};

/** A service's tasks, of the size that the definition of its name has. */
function tasks(service: Inputs, all: BilledResource[], name: string): Item[] {
  const count = service.number('desiredCount');
  const definition = all.find(
    (one) =>
      one.type === 'aws:ecs/taskDefinition:TaskDefinition' && one.name === `${name}-definition`,
  );
  const size = new Inputs(definition?.inputs ?? {});
  const cpus = size.number('cpu') / 1024;
  const memoryGb = size.number('memory') / 1024;
  const architecture = size.at('runtimePlatform').text('cpuArchitecture') || 'X86_64';
  const each = `task × ${count}: ${cpus} vCPU, ${memoryGb} GB`;
  const isPublic = service.at('networkConfiguration').flag('assignPublicIp');
  return [
    {
      key: `fargate:${architecture}:vcpu-hour`,
      amount: count * cpus * hoursPerMonth,
      what: `${each}, its CPU`,
    },
    {
      key: `fargate:${architecture}:gb-hour`,
      amount: count * memoryGb * hoursPerMonth,
      what: `${each}, its memory`,
    },
    ...(isPublic && count > 0 ? [hourly('ipv4:hour', count, 'public address')] : []),
  ];
}

/** Reads inputs that may be absent, unknown or of another kind. */
class Inputs {
  readonly #values: Record<string, unknown>;

  constructor(values: unknown) {
    this.#values =
      typeof values === 'object' && values !== null ? (values as Record<string, unknown>) : {};
  }

  at(key: string): Inputs {
    return new Inputs(this.#values[key]);
  }

  text(key: string): string {
    const value = this.#values[key];
    return typeof value === 'string' ? value : '';
  }

  number(key: string): number {
    return Number(this.#values[key] ?? 0) || 0;
  }

  flag(key: string): boolean {
    return this.#values[key] === true;
  }

  list(key: string): unknown[] {
    const value = this.#values[key];
    return Array.isArray(value) ? value : [];
  }
}
