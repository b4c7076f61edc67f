import type { Registered } from '../../test-support/registered.ts';
import { costs, type Cost } from '../../config/profile.ts';

/** How many resources of each type the profiles have, as a page of the documentation. */
export function resourceTable(stacks: Record<Cost, Registered>): string {
  const counts = costs.map((cost) => count(stacks[cost]));
  const types = [...new Set(counts.flatMap((perType) => [...perType.keys()]))].sort();
  const rows = types.map((type) => [
    `\`${type}\``,
    ...counts.map((perType) => String(perType.get(type) ?? 0)),
  ]);
  const totals = counts.map((perType) =>
    String([...perType.values()].reduce((sum, one) => sum + one, 0)),
  );
  return [
    '# Resources of a stack on AWS',
    '',
    'With a domain in Route 53, without web firewall, media and CI roles. A test renders the program for each profile and',
    'compares; `npx vitest run --project unit infra/aws/awsPlatform.test.ts -u` writes this page anew.',
    '',
    ...table([['Type', ...costs], ...rows, ['all', ...totals]]),
    '',
  ].join('\n');
}

function count({ all }: Registered): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { type } of all) {
    // Components hold resources and are none.
    if (/^slipway:(aws:|index:AppSecrets)/.test(type)) continue;
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return counts;
}

/** Markdown with aligned columns, as prettier writes it. */
function table(rows: string[][]): string[] {
  const [head = [], ...body] = rows;
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)];
}
