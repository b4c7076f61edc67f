import type { MigrationError } from '../exit.ts';
import type { Migration } from '../files/files.ts';
import type { Finding } from './finding.ts';
import { runSquawk } from './squawk.ts';
import { checkScript } from '../sql/checkScript.ts';
import type { Statement } from '../sql/parse.ts';
import { StatementFault } from '../sql/statementFault.ts';
import { takesAway, whereItRuns } from './statementRules.ts';
import { waive, type OwnRule } from './waivers.ts';

/**
 * Our own few rules, and what keeps a file from being run at all.
 */
export async function lintMigration(migration: Migration): Promise<Finding[]> {
  const { up, down } = migration;
  const findings = headerFindings(migration);
  const faults: Finding[] = [];
  let starts: number[] = [];
  for (const script of down ? [up, down] : [up]) {
    try {
      const statements = await checkScript(script);
      if (script !== up) continue;
      findings.push(...statementFindings(migration, statements));
      starts = statements.map(({ line }) => line);
    } catch (error) {
      if (!(error instanceof StatementFault)) throw error;
      faults.push(faultFinding(error));
    }
  }
  return [...waive(up, findings, starts), ...faults];
}

function headerFindings({ name, up, phase }: Migration): Finding[] {
  const findings: Finding[] = [];
  const add = (severity: Finding['severity'], rule: OwnRule, message: string): void =>
    void findings.push({ file: up.file, line: 1, severity, rule, message });
  if (!phase)
    add('error', 'missing-phase', 'say `-- slipway: phase=expand`, `migrate` or `contract` on top');
  if (up.header.reversible === undefined)
    add('error', 'missing-reversible', 'say `reversible=yes` or `reversible=no` in the header');
  if (phase === 'contract' && !up.header.completes)
    add(
      'warning',
      'missing-completes',
      `name the expand that ${name} completes: \`completes=NAME\``,
    );
  return findings;
}

function statementFindings({ up, phase }: Migration, statements: Statement[]): Finding[] {
  const findings: Finding[] = [];
  for (const { line, tree } of statements) {
    const add = (rule: OwnRule, message: string): void =>
      void findings.push({ file: up.file, line, severity: 'error', rule, message });
    const where = whereItRuns(tree);
    if (where === 'outside' && !up.header.noTransaction)
      add(
        'needs-no-transaction',
        'Postgres refuses this inside a transaction: add `-- slipway: no-transaction`',
      );
    if (where === 'inside' && up.header.noTransaction)
      add(
        'needless-no-transaction',
        'this could run in a transaction, and would be rolled back whole there',
      );
    if (phase && phase !== 'contract' && takesAway(tree))
      add(
        'takes-away',
        'this takes something away from running code: put it into a phase=contract migration',
      );
  }
  return findings;
}

/**
 * The findings of our own rules and of squawk, in the order of the files.
 *
 * @returns also why squawk did not run; empty when it did
 */
export async function lintMigrations(
  folder: string,
  migrations: Migration[],
): Promise<{ findings: Finding[]; skipped: string }> {
  const squawk = runSquawk(folder, migrations);
  const own = (await Promise.all(migrations.map(lintMigration))).flat();
  // Of SQL that Postgres' own parser refuses, squawk has nothing to add.
  const unread = new Set(own.flatMap(({ file, excerpt }) => (excerpt === undefined ? [] : [file])));
  const others = (typeof squawk === 'string' ? [] : squawk).filter(
    ({ file, rule }) => !(unread.has(file) && rule === 'squawk syntax-error'),
  );
  const findings = [...own, ...others];
  findings.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line));
  return { findings, skipped: typeof squawk === 'string' ? squawk : '' };
}

function faultFinding({ file, line, kind, why, excerpt }: StatementFault): Finding {
  const rule = kind === 'syntax' ? 'syntax-error' : 'badFile';
  return { file, line, severity: 'error', rule, message: why, excerpt };
}

/** A fault that keeps the files from being read at all, as a finding. */
export function unreadable(error: MigrationError): Finding {
  const file = /^(\S+\.sql)\b/.exec(error.message)?.[1] ?? 'migrations';
  const [message = ''] = error.message.split('\n');
  const line = Number(/^ {2}line (\d+) \|/m.exec(error.message)?.[1] ?? 1);
  return {
    file,
    line,
    severity: 'error',
    rule: error.reason,
    message: message.replace(`${file}: `, ''),
  };
}

/** One line that an editor can jump to; below it the place, where it is known. */
export function findingLine({ file, line, severity, rule, message, excerpt }: Finding): string {
  const place = excerpt === undefined ? '' : `\n${excerpt}`;
  return `${file}:${line}: ${severity}: ${message} [${rule}]${place}`;
}
