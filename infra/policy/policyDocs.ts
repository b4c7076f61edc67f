import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { uncoveredControls } from './judge/controls.ts';
import type { Rule } from './rules/rule.ts';
import { allRules } from './rules/all.ts';

const page = 'docs/policy.md';
const begin =
  '<!-- Made from infra/policy by `node infra/policy/policyDocs.ts`; a test keeps it so. -->';
const end = '<!-- End of what is made. -->';

/** The controls of AWS Security Hub, each with the rules that stand for it. */
function controlTable(): string[] {
  const byControl = new Map<string, Rule[]>();
  for (const rule of allRules) {
    for (const control of rule.controls)
      byControl.set(control, [...(byControl.get(control) ?? []), rule]);
  }
  const covered = [...byControl].map(([control, rules]) => {
    const names = rules.map(({ id }) => `\`${id}\``).join(', ');
    const levels = [...new Set(rules.map(({ level }) => level))].join(', ');
    return [
      control,
      `| ${control} | ${rules.map(({ title }) => title).join('; ')} | ${names} | ${levels} |`,
    ] as const;
  });
  const rest = uncoveredControls.map(
    ({ ids, wants, status, why }) => [ids, `| ${ids} | ${wants} | | ${status}: ${why} |`] as const,
  );
  const rows = [...covered, ...rest.slice(0, -2)].sort(([a], [b]) =>
    a.localeCompare(b, 'en', { numeric: true }),
  );
  return [
    '| Control | What it wants | Rule | Status |',
    '| --- | --- | --- | --- |',
    ...[...rows, ...rest.slice(-2)].map(([, row]) => row),
  ];
}

function ruleTable(): string[] {
  return [
    '| Rule | What it wants | Level | Severity | What to do |',
    '| --- | --- | --- | --- | --- |',
    ...allRules.map(({ id, title, level, severity, fix, note }) => {
      return `| \`${id}\` | ${title}${note ? `. _${note}_` : ''} | ${level} | ${severity} | ${fix.replaceAll('|', '\\|')} |`;
    }),
  ];
}

function tables(): string {
  const own = allRules.filter(({ controls }) => controls.length === 0).length;
  const mandatory = allRules.filter(({ level }) => level === 'mandatory').length;
  return [
    begin,
    '',
    '## Rules',
    '',
    `${allRules.length} rules, ${mandatory} of them mandatory; ${own} are our own, the others stand for controls of AWS.`,
    '',
    ...ruleTable(),
    '',
    '## Controls of AWS',
    '',
    ...controlTable(),
    '',
    end,
  ].join('\n');
}

/** Whether the page says what the rules say, without regard to how a formatter aligns a table. */
export function isStale(root: string): boolean {
  const loose = (text: string): string => text.replace(/[ -]+/g, ' ');
  const text = readFileSync(join(root, page), 'utf8');
  return !loose(text).includes(loose(tables()));
}

if (import.meta.main) {
  const file = join(import.meta.dirname, '../..', page);
  const text = readFileSync(file, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from)
    throw new Error(`${page} has no place for the tables: put back the line ${begin}`);
  writeFileSync(file, text.slice(0, from) + tables() + text.slice(to + end.length));
}
