import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Migration } from '../files/files.ts';
import type { Finding } from './finding.ts';

// The runner sets the timeouts and rolls back a whole file. The other rules are about taste, not
// about safety.
const leftOut = [
  'require-lock-timeout',
  'require-statement-timeout',
  'prefer-robust-stmts',
  'prefer-bigint-over-int',
  'prefer-bigint-over-smallint',
  'prefer-identity',
  'prefer-text-field',
  'prefer-timestamp-tz',
  'require-enum-value-ordering',
];
// A contract step exists to do these.
const contractRules = [
  'ban-drop-column',
  'ban-drop-table',
  'renaming-column',
  'renaming-table',
  'ban-drop-not-null',
];

interface Violation {
  file: string;
  /** From 0. */
  line: number;
  message: string;
  help: string | null;
  rule_name: string;
}

/**
 * Lints the up files with squawk. A rule is let pass for one statement by `-- squawk-ignore
 * rule-name` above it.
 *
 * @returns the findings, or why there are none: squawk is not in the image, nor built for every
 *   platform
 */
export function runSquawk(folder: string, migrations: Migration[]): Finding[] | string {
  const violations: Violation[] = [];
  for (const transaction of [true, false]) {
    const files = migrations.filter(({ up }) => up.header.noTransaction !== transaction);
    if (files.length === 0) continue;
    const found = squawk([
      ...(transaction ? ['--assume-in-transaction'] : []),
      ...['--pg-version', '17', '--reporter', 'json', `--exclude=${leftOut.join(',')}`],
      ...files.map(({ up }) => join(folder, up.file)),
    ]);
    if (typeof found === 'string') return found;
    violations.push(...found);
  }
  return squawkFindings(violations, migrations);
}

/** The findings of squawk in our form, without those that a contract step may ignore. */
export function squawkFindings(violations: Violation[], migrations: Migration[]): Finding[] {
  const contracts = new Set(
    migrations.filter(({ phase }) => phase === 'contract').map(({ up }) => up.file),
  );
  return violations
    .map((found) => ({ ...found, file: found.file.replace(/^.*\//, '') }))
    .filter(({ file, rule_name: rule }) => !(contracts.has(file) && contractRules.includes(rule)))
    .map(({ file, line, message, help, rule_name: rule }) => ({
      file,
      line: line + 1,
      // Its grammar is not that of Postgres: SQL that it cannot read may still be right.
      severity: rule === 'syntax-error' ? 'warning' : 'error',
      rule: `squawk ${rule}`,
      message: [message, help].filter(Boolean).join(' ').replaceAll(/\s+/g, ' '),
    }));
}

function squawk(args: string[]): Violation[] | string {
  // The platform's own package, without the wrapper of npm's `squawk-cli`: that one asks for every
  // platform's at once.
  const build = `@squawk-cli/${process.platform}-${process.arch}`;
  const installed = join(import.meta.dirname, `../../../node_modules/${build}/bin/squawk`);
  const run = spawnSync(existsSync(installed) ? installed : 'squawk', args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (run.error && 'code' in run.error && run.error.code === 'ENOENT')
    return 'squawk is not installed';
  try {
    return JSON.parse(run.stdout) as Violation[];
  } catch {
    const why =
      run.error?.message ??
      (run.stderr.trim().split('\n').at(-1) || `it ended with ${run.status ?? run.signal}`);
    return `squawk did not answer: ${why}`;
  }
}
