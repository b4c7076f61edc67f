/** `node toolchain/report/refreshPrices.ts`: reads the price list of AWS, and writes prices.json. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetProductsCommand, PricingClient, type Filter } from '@aws-sdk/client-pricing';
import { readPrices, type PriceTable } from './cost.ts';

/** Where a price stands in the list: a service, what narrows it down, and how its usage ends. */
interface Place {
  service: string;
  filters: Record<string, string>;
  /** Of the usage type, such as `EUC1-NatGateway-Hours`; before it stands the region. */
  usage: string;
}

const single = { databaseEngine: 'PostgreSQL', deploymentOption: 'Single-AZ' };
const fargate = (usage: string): Place => ({
  service: 'AmazonECS',
  filters: { productFamily: 'Compute' },
  usage: `Fargate-${usage}`,
});

/** The usage types are those of a bill. Source: "AWS service usage types" of the billing guide. */
export function placeOf(key: string): Place | undefined {
  const [kind, size = '', unit] = key.split(':');
  if (kind === 'rds' && unit === 'hour')
    return {
      service: 'AmazonRDS',
      filters: { ...single, instanceType: size },
      usage: `InstanceUsage:${size}`,
    };
  if (kind === 'elasticache')
    return {
      service: 'AmazonElastiCache',
      filters: { cacheEngine: 'Valkey', instanceType: size },
      usage: `NodeUsage:${size}`,
    };
  return places[key];
}

const places: Record<string, Place> = {
  'fargate:ARM64:vcpu-hour': fargate('ARM-vCPU-Hours:perCPU'),
  'fargate:ARM64:gb-hour': fargate('ARM-GB-Hours'),
  'fargate:X86_64:vcpu-hour': fargate('vCPU-Hours:perCPU'),
  'fargate:X86_64:gb-hour': fargate('GB-Hours'),
  'rds:gp3:gb-month': {
    service: 'AmazonRDS',
    filters: { ...single, productFamily: 'Database Storage' },
    usage: 'RDS:GP3-Storage',
  },
  'nat:hour': {
    service: 'AmazonEC2',
    filters: { productFamily: 'NAT Gateway' },
    usage: 'NatGateway-Hours',
  },
  'alb:hour': {
    service: 'AWSELB',
    filters: { productFamily: 'Load Balancer-Application' },
    usage: 'LoadBalancerUsage',
  },
  'endpoint:zone-hour': {
    service: 'AmazonVPC',
    filters: { productFamily: 'VpcEndpoint' },
    usage: 'VpcEndpoint-Hours',
  },
};

/**
 * @returns the table with a price for each key and region that the list has; what it lacks is left
 *   out, and named
 */
export async function refresh(
  table: PriceTable,
  client: Pick<PricingClient, 'send'>,
  date: string,
): Promise<{ table: PriceTable; missing: string[] }> {
  const keys = [...new Set(Object.values(table.regions).flatMap((prices) => Object.keys(prices)))];
  const missing: string[] = [];
  const regions: PriceTable['regions'] = {};
  for (const region of Object.keys(table.regions)) {
    const found: Record<string, number> = (regions[region] = {});
    for (const key of keys) {
      const place = placeOf(key);
      const price = place && (await priceAt(client, region, place));
      if (price === undefined) missing.push(`${key} in ${region}`);
      else found[key] = price;
    }
  }
  const source = "on-demand list prices, from AWS' price list";
  return { table: { ...table, date, source, regions }, missing };
}

async function priceAt(
  client: Pick<PricingClient, 'send'>,
  region: string,
  { service, filters, usage }: Place,
): Promise<number | undefined> {
  const all = { regionCode: region, ...filters };
  const exact = Object.entries(all).map(([Field, Value]): Filter => ({
    Type: 'TERM_MATCH',
    Field,
    Value,
  }));
  let NextToken: string | undefined;
  do {
    const page = await client.send(
      new GetProductsCommand({ ServiceCode: service, Filters: exact, NextToken }),
    );
    for (const product of page.PriceList ?? []) {
      const price = readProduct(String(product), usage);
      if (price !== undefined) return price;
    }
    NextToken = page.NextToken;
  } while (NextToken);
  return undefined;
}

/** A product of the list is JSON text. */
function readProduct(text: string, usage: string): number | undefined {
  const { product, terms } = JSON.parse(text) as {
    product: { attributes: { usagetype?: string } };
    terms: { OnDemand?: Record<string, { priceDimensions: Record<string, PriceDimension> }> };
  };
  const { usagetype = '' } = product.attributes;
  // Before it stands nothing, or the region: `EUC1-`.
  if (!usagetype.endsWith(usage)) return undefined;
  if (!/^([A-Z0-9]+-)?$/.test(usagetype.slice(0, -usage.length))) return undefined;
  const dimension = Object.values(Object.values(terms.OnDemand ?? {})[0]?.priceDimensions ?? {})[0];
  const price = Number(dimension?.pricePerUnit.USD);
  return price > 0 ? price : undefined;
}

interface PriceDimension {
  pricePerUnit: { USD?: string };
}

if (import.meta.main) {
  const today = new Date().toISOString().slice(0, 10);
  // The list is served from there, for every region.
  const client = new PricingClient({ region: 'us-east-1' });
  const { table, missing } = await refresh(readPrices(), client, today);
  writeFileSync(join(import.meta.dirname, 'prices.json'), `${JSON.stringify(table, null, 2)}\n`);
  for (const what of missing) console.warn(`The price list has none for ${what}.`);
}
