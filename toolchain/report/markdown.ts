import { shortImageId } from '../../infra/release/shortImageId.ts';
import { costDifference, type CostLine } from './cost.ts';
import type { PropertyChange } from './changes.ts';
import { count, few, type Report } from './report.ts';
import { riskTitles, risks, type RatedChange } from './risk.ts';

/** Below what GitHub takes as one comment (65,536 characters), with room for what wraps it. */
export const commentLimit = 60_000;

/** How much of each part is shown; the steps by which a long report becomes shorter. */
interface Detail {
  /** Changes of each risk; the rest is counted. */
  changes: number;
  /** Properties of each change. */
  properties: number;
  /** Characters of one value. */
  value: number;
  /** Characters of one migration's SQL. */
  sql: number;
  /** Lines of the bill. */
  lines: number;
}

const details: Detail[] = [
  { changes: 1000, properties: 100, value: 240, sql: 100_000, lines: 1000 },
  { changes: 300, properties: 20, value: 160, sql: 20_000, lines: 40 },
  { changes: 120, properties: 8, value: 80, sql: 6000, lines: 20 },
  { changes: 40, properties: 3, value: 60, sql: 1500, lines: 10 },
  { changes: 10, properties: 1, value: 40, sql: 300, lines: 5 },
];

/**
 * The report as Markdown of GitHub and GitLab. Values come as code, so that nothing in them is
 * taken for Markdown or HTML.
 *
 * @param limit characters; what is too long becomes shorter, from the details up
 */
export function markdown(report: Report, limit = Infinity): string {
  let text = '';
  for (const detail of details) {
    text = render(report, detail);
    if (text.length <= limit) return text;
  }
  const cut = '\n\n… cut here: `make preview REPORT=html` shows all of it.\n';
  return text.slice(0, limit - cut.length) + cut;
}

function render(report: Report, detail: Detail): string {
  const { stack, headline, hash, changes, unchanged } = report;
  const sections = [
    `## ${stack}: ${headline}`,
    list('Why it failed', report.faults.map(block)),
    policy(report),
    effects(report),
    ...risks.map((risk) =>
      changeSection(
        riskTitles[risk],
        changes.filter((change) => change.risk === risk),
        detail,
        risk === 'data' || risk === 'outage',
      ),
    ),
    migrations(report, detail),
    packages(report, detail),
    cost(report, detail),
    list('Warnings', report.warnings.map(block)),
    `${count(changes.length, 'change')}, ${unchanged} unchanged. What would change: \`${hash.slice(0, 16)}\``,
  ];
  return `${sections.filter(Boolean).join('\n\n')}\n`;
}

function policy({ policy: findings }: Report): string {
  return list(
    'Policy',
    findings.map(
      ({ rule, resource, level, message }) =>
        `${level === 'mandatory' ? '**refused**' : 'noted'} ${code(rule)}${resource ? ` on ${code(resource)}` : ''}\n${block(message)}`,
    ),
  );
}

function effects({ effects: { loses, interrupts, releases } }: Report): string {
  const release = releases && [
    `**releases** ${code(short(releases.to))} in place of ${releases.from ? code(short(releases.from)) : 'nothing'}: new instances start beside the old ones, and serve once they have proven themselves`,
  ];
  return list('What people notice', [
    ...loses.map(({ what, why }) => `**loses** ${what}: ${text(why)}`),
    ...interrupts.map(({ what, why }) => `**interrupts** ${what}: ${text(why)}`),
    ...(release ?? []),
  ]);
}

function packages({ packages: changed = [] }: Report, { changes: most }: Detail): string {
  if (changed.length === 0) return '';
  const rows = changed
    .slice(0, most)
    .map(
      ({ name, from, to }) =>
        `- ${code(name)}: ${from ? code(from) : 'new'} → ${to ? code(to) : 'gone'}`,
    );
  if (changed.length > most) rows.push(`- … and ${changed.length - most} more`);
  return fold(`Packages of the image (${changed.length})`, rows.join('\n'), false);
}

const short = (id = 'an image that is still to be built'): string =>
  id.startsWith('sha256:') ? shortImageId(id) : id;

function changeSection(
  title: string,
  changes: RatedChange[],
  { changes: most, properties, value }: Detail,
  isOpen: boolean,
): string {
  if (changes.length === 0) return '';
  const rows = changes.slice(0, most).flatMap((change) => {
    const { operation, name, type, isProtected } = change;
    const head = `- ${operation} ${code(name)} ${code(type)}${isProtected ? ' (protected)' : ''}`;
    // What a new resource is made of is in the program.
    const shown = operation === 'create' ? [] : change.properties;
    return [
      head,
      ...shown.slice(0, properties).map((one) => {
        const [before, after] = pair(one, value).map((side) =>
          side === undefined ? 'nothing' : code(side),
        );
        return `  - ${code(one.path)}: ${before} → ${after}${one.replaces ? ' (replaces)' : ''}`;
      }),
      ...(shown.length > properties ? [`  - … and ${shown.length - properties} more`] : []),
    ];
  });
  if (changes.length > most) rows.push(`- … and ${changes.length - most} more`);
  return fold(`${title} (${changes.length})`, rows.join('\n'), isOpen);
}

function migrations({ migrations: { pending, notes, findings } }: Report, { sql }: Detail): string {
  if (pending.length + notes.length + findings.length === 0) return '';
  const files = pending.map(({ name, phase, isReversible, sql: body }) => {
    const kind = [phase ?? 'no phase', isReversible ? '' : 'irreversible'].filter(Boolean);
    return fold(
      `${code(name)}: ${kind.join(', ')}`,
      body === undefined ? 'Its SQL is not in this checkout.' : fence(cut(body, sql), 'sql'),
      false,
    );
  });
  return [
    '### Migrations',
    ...(notes.length > 0 ? [fence(notes.join('\n'))] : []),
    ...files,
    ...(findings.length > 0 ? ['What the lint says:', fence(findings.join('\n'))] : []),
  ].join('\n\n');
}

function cost({ cost: change }: Report, { lines: most }: Detail): string {
  if (!change) return '';
  const { before, after, assumptions } = change;
  if (before.lines.length + after.lines.length + after.unpriced.length === 0) return '';
  const rows = after.lines
    .slice(0, most)
    .map((line) => `| ${code(line.resource)} | ${text(line.what)} | ${dollars(line)} |`);
  const rest = after.lines.slice(most);
  if (rest.length > 0)
    rows.push(
      `| ${rest.length} more | | $${rest.reduce((sum, one) => sum + one.perMonth, 0).toFixed(2)} |`,
    );
  return fold(
    Math.abs(after.total - before.total) < 0.005
      ? `Cost: $${after.total.toFixed(0)} a month, as before`
      : `Cost: $${before.total.toFixed(0)} → $${after.total.toFixed(0)} a month (${costDifference(change)})`,
    [
      '| Resource | What | USD a month |\n|---|---|---:|',
      `\n${rows.join('\n')}`,
      ...(after.unpriced.length > 0 ? [`\n\nWithout a price: ${few(after.unpriced)}.`] : []),
      `\n\n${assumptions.join(' ')}`,
    ].join(''),
    false,
  );
}

export const dollars = ({ perMonth, isBorrowed }: CostLine): string =>
  `${perMonth.toFixed(2)}${isBorrowed ? '*' : ''}`;

function list(title: string, entries: string[]): string {
  if (entries.length === 0) return '';
  return `### ${title}\n\n${entries.map((entry) => `- ${entry.replace(/\n/g, '\n  ')}`).join('\n')}`;
}

function fold(summary: string, body: string, isOpen: boolean): string {
  // Markdown is not read inside a summary.
  const plain = summary.replace(
    /`+ ?(.*?) ?`+/g,
    (_, inner: string) => `<code>${escape(inner)}</code>`,
  );
  return `<details${isOpen ? ' open' : ''}><summary>${plain}</summary>\n\n${body}\n\n</details>`;
}

const escape = (value: string): string =>
  value.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

/** A value as code on one line. Its fence is longer than any run of backticks in it. */
export function code(value: string): string {
  const line = value.replace(/\s*\n\s*/g, ' ⏎ ').replace(/\|/g, '¦') || ' ';
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const ticks = '`'.repeat(longest + 1);
  const pad = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${ticks}${pad}${line}${pad}${ticks}`;
}

function fence(value: string, language = ''): string {
  const longest = Math.max(2, ...[...value.matchAll(/`+/g)].map(([run]) => run.length));
  const ticks = '`'.repeat(longest + 1);
  return `${ticks}${language}\n${value.trimEnd()}\n${ticks}`;
}

/** Several lines stay as they are; one is text of the sentence. */
const block = (value: string): string => (value.includes('\n') ? `\n${fence(value)}` : code(value));

const text = (value: string): string => value.replace(/[\\`*_{}[\]<>|]/g, '\\$&');

/** Both sides of a change; of long ones the part where they begin to differ. */
function pair({ before, after }: PropertyChange, most: number): (string | undefined)[] {
  const sides = [before, after];
  if (before === undefined || after === undefined || Math.max(before.length, after.length) <= most)
    return sides.map((side) => side && cut(side, most));
  let same = 0;
  while (same < before.length && before[same] === after[same]) same++;
  const from = Math.max(0, same - Math.floor(most / 4));
  return sides.map((side) => side && (from > 0 ? '… ' : '') + cut(side.slice(from), most));
}

const cut = (value: string, most: number): string =>
  value.length <= most ? value : `${value.slice(0, most)}… (${value.length - most} more)`;
