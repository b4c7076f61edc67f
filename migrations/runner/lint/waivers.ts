import { lineOf } from '../files/excerpt.ts';
import type { Script } from '../files/files.ts';
import type { Finding } from './finding.ts';

/** The rules of ours that a file may waive. What keeps a file from running at all is not among them. */
const ownRules = [
  'missing-phase',
  'missing-reversible',
  'missing-completes',
  'needs-no-transaction',
  'needless-no-transaction',
  'takes-away',
] as const;

export type OwnRule = (typeof ownRules)[number];

const waiver = /^[^\S\n\r]*--[^\S\n\r]*slipway-ignore\b(?<words>[^\n\r]*)/gm;
const form = 'write `-- slipway-ignore RULE: why`';

/**
 * Takes the findings away that the file waives: `-- slipway-ignore takes-away: nobody reads it since
 * release 2` above a statement lets that statement pass, and above the first one the header too.
 * A waiver that names no rule, gives no reason or waives nothing is a finding itself.
 *
 * @param starts the lines on which the file's statements start, in order
 */
export function waive({ file, sql }: Script, findings: Finding[], starts: number[]): Finding[] {
  let left = findings;
  const faults: Finding[] = [];
  for (const match of sql.matchAll(waiver)) {
    const line = lineOf(sql, match.index);
    const [rule = '', reason] = split(match.groups?.['words'] ?? '');
    const report = (severity: Finding['severity'], message: string): void =>
      void faults.push({ file, line, severity, rule: 'bad-waiver', message });
    if (!(ownRules as readonly string[]).includes(rule)) {
      report('error', `"${rule}" is no rule to waive; there are ${ownRules.join(', ')}: ${form}`);
      continue;
    }
    if (!reason) {
      report('error', `the reason why ${rule} is waived is missing: ${form}`);
      continue;
    }
    const next = starts.find((start) => start > line);
    const ofHeader = next === undefined || next === starts[0];
    const waived = left.filter(
      (finding) =>
        finding.rule === rule && (finding.line === next || (ofHeader && finding.line === 1)),
    );
    if (waived.length === 0)
      report('warning', `there is no ${rule} to waive in the statement below it: take it out`);
    left = left.filter((finding) => !waived.includes(finding));
  }
  return [...left, ...faults];
}

/** `takes-away: nobody reads it` → rule and reason. */
function split(words: string): [rule: string, reason: string] {
  const [, rule = '', reason = ''] = /^\s*([^\s:]*)[\s:]*(.*)$/.exec(words) ?? [];
  return [rule, reason.trim()];
}
