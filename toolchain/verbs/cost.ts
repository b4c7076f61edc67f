import { awsRegion, extraArgs, isDockerStack, stack } from '../lib/context.ts';
import { stackKey } from '../lib/stackKey.ts';
import { say } from '../lib/progress.ts';
import { stateResources } from '../pulumi/stackState.ts';
import {
  assumptions,
  billedItems,
  price,
  readPrices,
  readProfiles,
  type BilledItem,
} from '../report/cost.ts';
import { dollars } from '../report/markdown.ts';
import { table } from './containers.ts';

/** What the stack costs a month by resource, and what each profile would. Asks nobody. */
export async function cost(): Promise<number> {
  const prices = readPrices();
  const region = awsRegion();
  const { title, items } = await itemsOfStack();
  const bill = price(items, region, prices);
  const profiles = Object.entries(readProfiles()).map(([name, all]) => ({
    name,
    cost: price(all, region, prices),
  }));
  if (extraArgs().includes('--json')) {
    const result = { stack, region, date: prices.date, ...bill, profiles };
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return 0;
  }
  const rows = bill.lines.map((line) => [line.resource, line.what, dollars(line)]);
  const total = ['all', '', bill.total.toFixed(2)];
  say(`\n${title}`);
  process.stdout.write(`${table([['RESOURCE', 'WHAT', 'USD A MONTH'], ...rows, total])}\n`);
  if (bill.unpriced.length > 0) say(`Without a price: ${bill.unpriced.join(', ')}.`);
  say('\nBy profile (slipway:cost)');
  process.stdout.write(
    `${table([
      ['PROFILE', 'USD A MONTH'],
      ...profiles.map(({ name, cost: { total: sum } }) => [name, sum.toFixed(2)]),
    ])}\n`,
  );
  say('');
  for (const line of assumptions(prices, region)) say(line);
  return 0;
}

/** What the state holds; before the first update, what its profile would. */
async function itemsOfStack(): Promise<{ title: string; items: BilledItem[] }> {
  const resources = (await stateResources()) ?? [];
  const items = billedItems(
    resources.map(({ type, urn = '', inputs = {} }) => ({
      type,
      name: urn.split('::').at(-1) ?? '',
      inputs,
    })),
  );
  if (items.length > 0) return { title: `Stack ${stack}, as its state has it`, items };
  const profile = stackKey('cost');
  const why = isDockerStack() ? 'runs on Docker and costs nothing' : 'is not up yet';
  return {
    title: `Stack ${stack} ${why}; on AWS, with the profile ${profile}:`,
    items: readProfiles()[profile] ?? [],
  };
}
