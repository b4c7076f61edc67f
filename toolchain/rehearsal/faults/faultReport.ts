import type { LoadReport } from './load.ts';

export interface UpdateReport {
  /** Its purpose, such as `the next good up`. */
  of: string;
  code: number;
  seconds: number;
  /** The reason it printed, when it failed. */
  message: string;
}

export interface FaultReport {
  fault: string;
  what: string;
  updates: UpdateReport[];
  /** Until the release with the fault was over. */
  meanwhile: LoadReport;
  /** While the next good update ran. */
  recovery: LoadReport;
  /** One for each thing that went wrong; empty when the stack survived. */
  complaints: string[];
}

/** The error that pulumi printed, without the progress around it; empty when there is none. */
export function diagnosis(output: string): string {
  // The preview before the update has some of its own.
  const diagnostics =
    output
      .split(/^Diagnostics:$/m)
      .slice(1)
      .at(-1) ?? '';
  const lines: string[] = [];
  let inside = false;
  for (const line of diagnostics.split('\n')) {
    if (/^ {4}\S*error:/.test(line)) inside = true;
    else if (/^\S|^ {2}\S/.test(line)) inside = false;
    if (inside) lines.push(line.replace(/^ {4}/, '').trimEnd());
  }
  return lines
    .filter((line) => !/^(?:.*error: )?update failed$/.test(line))
    .join('\n')
    .trim();
}

/** Requests sent and failed, and why. */
export function loadLine({ sent, failed, faults }: LoadReport): string {
  const kinds = Object.entries(faults).map(([kind, count]) => `${count} × ${kind}`);
  return `${sent.toLocaleString('en')} requests, ${failed} failed${kinds.length > 0 ? ` (${kinds.join(', ')})` : ''}`;
}

/** A report for a person. */
export function reportText(report: FaultReport): string {
  const lines = [`${report.complaints.length === 0 ? '✓' : '✗'} ${report.fault}: ${report.what}`];
  for (const { of, code, seconds, message } of report.updates) {
    lines.push(`    ${of}: exit code ${code} after ${seconds.toFixed(0)} s`);
    if (message) lines.push(...message.split('\n').map((line) => `      | ${line}`));
  }
  lines.push(
    `    meanwhile: ${loadLine(report.meanwhile)}`,
    `    recovery: ${loadLine(report.recovery)}`,
  );
  lines.push(...report.complaints.map((complaint) => `    ✗ ${complaint}`));
  return lines.join('\n');
}

/** One line a fault, at the end of several. */
export function faultSummary(reports: FaultReport[]): string {
  const width = Math.max(...reports.map(({ fault }) => fault.length));
  return reports
    .map(({ fault, updates, meanwhile, recovery, complaints }) => {
      const codes = updates.map(({ of, code }) => `${of} ${code}`).join(', ');
      const lost = meanwhile.failed + recovery.failed;
      const verdict = complaints.length === 0 ? '✓' : '✗';
      return `  ${verdict} ${fault.padEnd(width)}  exit codes: ${codes}; ${meanwhile.sent + recovery.sent} requests, ${lost} failed`;
    })
    .join('\n');
}
