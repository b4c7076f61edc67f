import type { MigrationError } from '../exit.ts';
import type { Migration } from '../files/files.ts';
import { runSquawk } from './squawk.ts';
import { splitStatements } from '../sql/statements.ts';

export interface Finding {
  file: string;
  line: number;
  severity: 'error' | 'warning';
  rule: string;
  message: string;
}

// What Postgres refuses inside a transaction.
const outside =
  /^(?:(?:create\s+(?:unique\s+)?|drop\s+|re)index\b.*?\bconcurrently\b|vacuum\b|alter\s+table\b.*\bdetach\s+partition\b.*\bconcurrently\b|(?:create|drop|alter)\s+(?:database|tablespace|system)\b|alter\s+type\b.*\badd\s+value\b|(?:create|alter|drop)\s+subscription\b|reindex\s+(?:\([^)]*\)\s*)?(?:database|system)\b|cluster\s*$)/is;
// What old code notices at once.
const takesAway =
  /^(?:drop\s+table\b|alter\s+table\b.*?\b(?:drop\s+(?:column\b|(?!constraint\b|default\b|not\b|identity\b|expression\b)(?:if\s+exists\s+)?[\w"]+)|rename\s))/is;

/** Our own few rules, beyond what reading the files refuses anyway. */
export function lintMigration({ name, up, phase }: Migration): Finding[] {
  const findings: Finding[] = [];
  const add = (line: number, severity: Finding['severity'], rule: string, message: string): void =>
    void findings.push({ file: up.file, line, severity, rule, message });
  if (!phase) {
    add(
      1,
      'error',
      'missing-phase',
      'say `-- slipway: phase=expand`, `migrate` or `contract` on top',
    );
  }
  if (up.header.reversible === undefined) {
    add(1, 'error', 'missing-reversible', 'say `reversible=yes` or `reversible=no` in the header');
  }
  if (phase === 'contract' && !up.header.completes) {
    add(
      1,
      'warning',
      'missing-completes',
      `name the expand that ${name} completes: \`completes=NAME\``,
    );
  }
  for (const { start, end } of splitStatements(up.sql)) {
    const text = up.sql
      .slice(start, end)
      .replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'/g, ' ');
    const line = up.sql.slice(0, start).split('\n').length;
    const needsOutside = outside.test(text);
    if (needsOutside && !up.header.noTransaction) {
      add(
        line,
        'error',
        'needs-no-transaction',
        'Postgres refuses this inside a transaction: add `-- slipway: no-transaction`',
      );
    }
    if (!needsOutside && up.header.noTransaction) {
      add(
        line,
        'error',
        'needless-no-transaction',
        'this could run in a transaction, and would be rolled back whole there',
      );
    }
    if (phase && phase !== 'contract' && takesAway.test(text)) {
      add(
        line,
        'error',
        'takes-away',
        `this takes something away from running code: put it into a phase=contract migration`,
      );
    }
  }
  return findings;
}

/**
 * What our own rules and squawk's have to say, in the order of the files.
 *
 * @returns also why squawk did not run; empty when it did
 */
export function lintMigrations(
  folder: string,
  migrations: Migration[],
): { findings: Finding[]; skipped: string } {
  const squawk = runSquawk(folder, migrations);
  const findings = [
    ...migrations.flatMap(lintMigration),
    ...(typeof squawk === 'string' ? [] : squawk),
  ];
  findings.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line));
  return { findings, skipped: typeof squawk === 'string' ? squawk : '' };
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

export function findingLine({ file, line, severity, rule, message }: Finding): string {
  return `${file}:${line}: ${severity}: ${message} [${rule}]`;
}
