import type { Report } from './report.ts';

/** What differs between two reports of one stack, for whom the hashes of both differ. */
export function differences(reviewed: Report, now: Report): string[] {
  const lines: string[] = [];
  const before = new Map(reviewed.changes.map((change) => [change.urn, change]));
  const after = new Map(now.changes.map((change) => [change.urn, change]));
  for (const [urn, { name, operation }] of before)
    if (!after.has(urn)) lines.push(`${name}: was to ${operation}, stays as it is now`);
  for (const [urn, change] of after) {
    const known = before.get(urn);
    if (!known) lines.push(`${change.name}: would ${change.operation}, which was not reviewed`);
    else if (known.operation !== change.operation)
      lines.push(`${change.name}: was to ${known.operation}, would ${change.operation}`);
    else if (JSON.stringify(known.properties) !== JSON.stringify(change.properties))
      lines.push(`${change.name}: ${changedPaths(known.properties, change.properties)} differs`);
  }
  const names = ({ migrations }: Report) => migrations.pending.map(({ name }) => name).join(', ');
  if (JSON.stringify(reviewed.migrations.pending) !== JSON.stringify(now.migrations.pending))
    lines.push(`migrations: ${names(reviewed) || 'none'} reviewed, ${names(now) || 'none'} now`);
  return lines;
}

type Properties = Report['changes'][number]['properties'];

function changedPaths(before: Properties, after: Properties): string {
  const texts = (properties: Properties) =>
    new Map(properties.map((one) => [one.path, JSON.stringify(one)]));
  const [a, b] = [texts(before), texts(after)];
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((path) => a.get(path) !== b.get(path))
    .join(', ');
}
