import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allRules } from './rules/all.ts';

const page = 'docs/policy.md';
const begin =
  '<!-- Made from infra/policy by `node infra/policy/policyDocs.ts`; a test compares them. -->';
const end = '<!-- End of the made part. -->';

function ruleTable(): string[] {
  return [
    '| Rule | Requirement | Level | Severity | How to mend it | Controls |',
    '| --- | --- | --- | --- | --- | --- |',
    ...allRules.map(({ id, title, level, severity, fix, note, controls = [] }) => {
      const wants = note ? `${title}. _${note}_` : title;
      const mend = fix.replaceAll('|', '\\|');
      return `| \`${id}\` | ${wants} | ${level} | ${severity} | ${mend} | ${controls.join(', ')} |`;
    }),
  ];
}

function madePart(): string {
  const own = allRules.filter(({ controls }) => controls === undefined).length;
  const mandatory = allRules.filter(({ level }) => level === 'mandatory').length;
  return [
    begin,
    '',
    `${allRules.length} rules: ${mandatory} are mandatory, ${own} enforce no control of AWS.`,
    '',
    ...ruleTable(),
    '',
    end,
  ].join('\n');
}

/** Whether the page differs from the rules. The alignment of a table does not count. */
export function isStale(root: string): boolean {
  const loose = (text: string): string => text.replace(/[ -]+/g, ' ');
  const text = readFileSync(join(root, page), 'utf8');
  return !loose(text).includes(loose(madePart()));
}

if (import.meta.main) {
  const file = join(import.meta.dirname, '../..', page);
  const text = readFileSync(file, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from)
    throw new Error(`${page} has no place for the table: put back the lines ${begin} and ${end}`);
  writeFileSync(file, text.slice(0, from) + madePart() + text.slice(to + end.length));
}
