import { GetProductsCommand, PricingClient } from '@aws-sdk/client-pricing';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { billedItems, price, readPrices, readProfiles, type PriceTable } from './cost.ts';
import { placeOf, refresh } from './refreshPrices.ts';

const table: PriceTable = {
  date: '2026-01-02',
  source: 'a test',
  everywhere: { 'secret:month': 0.4 },
  regions: {
    'us-east-1': { 'nat:hour': 0.045, 'rds:db.t4g.micro:hour': 0.016 },
    'eu-central-1': { 'nat:hour': 0.052 },
  },
};

describe('a bill', () => {
  const items = billedItems([
    { type: 'aws:ec2/natGateway:NatGateway', name: 'nat', inputs: {} },
    { type: 'aws:secretsmanager/secret:Secret', name: 'secret', inputs: {} },
    {
      type: 'aws:rds/instance:Instance',
      name: 'database',
      inputs: { instanceClass: 'db.t4g.micro', multiAz: true, allocatedStorage: 20 },
    },
    { type: 'aws:ecs/cluster:Cluster', name: 'free', inputs: {} },
  ]);

  it('takes the prices of its region, else the reference region’s with a mark', () => {
    const { lines, total, unpriced } = price(items, 'eu-central-1', table);
    expect(lines).toMatchObject([
      { resource: 'nat', perMonth: 0.052 * 730, isBorrowed: false },
      { resource: 'database', perMonth: 0.016 * 730 * 2, isBorrowed: true },
      { resource: 'secret', perMonth: 0.4, isBorrowed: false },
    ]);
    expect(total).toBeCloseTo(0.052 * 730 + 0.016 * 730 * 2 + 0.4);
    expect(unpriced).toEqual(['database: 20 GiB of storage × 2']);
  });

  it('counts a service’s tasks by the size of their definition', () => {
    const [cpu, memory] = billedItems([
      { type: 'aws:ecs/service:Service', name: 'api', inputs: { desiredCount: 3 } },
      {
        type: 'aws:ecs/taskDefinition:TaskDefinition',
        name: 'api-definition',
        inputs: { cpu: '512', memory: '2048', runtimePlatform: { cpuArchitecture: 'ARM64' } },
      },
    ]);
    expect(cpu).toMatchObject({ key: 'fargate:ARM64:vcpu-hour', amount: 3 * 0.5 * 730 });
    expect(memory).toMatchObject({ key: 'fargate:ARM64:gb-hour', amount: 3 * 2 * 730 });
  });

  it('has a price for everything in every profile', () => {
    const prices = readPrices();
    for (const items of Object.values(readProfiles()))
      expect(price(items, 'us-east-1', prices).unpriced).toEqual([]);
  });
});

describe('refreshing the prices', () => {
  const product = (usagetype: string, usd: string) =>
    JSON.stringify({
      product: { attributes: { usagetype } },
      terms: { OnDemand: { a: { priceDimensions: { b: { pricePerUnit: { USD: usd } } } } } },
    });

  it('knows where each price of the table stands', () => {
    const keys = Object.values(readPrices().regions).flatMap((prices) => Object.keys(prices));
    expect(keys.filter((key) => !placeOf(key))).toEqual([]);
  });

  it('takes the very usage type of each region, from whichever page has it', async () => {
    const client = mockClient(PricingClient);
    client.on(GetProductsCommand).callsFake(({ ServiceCode, Filters, NextToken }) => {
      const region = (Filters as { Field: string; Value: string }[]).find(
        ({ Field }) => Field === 'regionCode',
      )?.Value;
      if (ServiceCode !== 'AmazonEC2') return { PriceList: [] };
      if (!NextToken) return { PriceList: [product('EUC1-NatGateway-Bytes', '9')], NextToken: 'b' };
      const usage = region === 'us-east-1' ? 'NatGateway-Hours' : 'EUC1-NatGateway-Hours';
      return {
        PriceList: [
          product(`Regional${usage}`, '8'),
          product(usage, region === 'us-east-1' ? '0.05' : '0.06'),
        ],
      };
    });
    const { table: next, missing } = await refresh(table, new PricingClient({}), '2026-02-03');
    expect(next).toMatchObject({
      date: '2026-02-03',
      everywhere: table.everywhere,
      regions: { 'us-east-1': { 'nat:hour': 0.05 }, 'eu-central-1': { 'nat:hour': 0.06 } },
    });
    expect(missing).toEqual([
      'rds:db.t4g.micro:hour in us-east-1',
      'rds:db.t4g.micro:hour in eu-central-1',
    ]);
  });
});
