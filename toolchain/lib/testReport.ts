/** What vitest's JSON reporter writes, as far as it is read here. */
export interface TestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  testResults: {
    /** Absolute path of the file. */
    name: string;
    status: string;
    /** Milliseconds since 1970. */
    startTime: number;
    endTime: number;
    assertionResults: unknown[];
  }[];
}

interface Part {
  name: string;
  has: (file: string) => boolean;
}

const isEndToEnd = (file: string): boolean => /^tests\//.test(file);

/** In the order in which they run; a file belongs to the first that has it. */
const parts: Part[] = [
  { name: 'unit and integration', has: (file) => !isEndToEnd(file) },
  { name: 'dev end to end', has: (file) => isEndToEnd(file) && !file.startsWith('tests/aws/') },
  { name: 'rehearsal', has: (file) => file.startsWith('tests/aws/') },
];

/**
 * How long a part may take, minutes: together with the toolchain's 15 they leave room under CI's
 * limit of 90.
 */
const budgetMinutes: Record<string, number> = {
  'unit and integration': 10,
  'dev end to end': 15,
  rehearsal: 30,
};

/**
 * A line for each part of the tests that ran: how many tests, how long, and whether that is over
 * its budget.
 *
 * @param root the checkout, absolute
 */
export function partLines(report: TestReport, root: string): string[] {
  return parts.flatMap(({ name, has }) => {
    const files = report.testResults.filter((file) => has(file.name.slice(root.length + 1)));
    if (files.length === 0) return [];
    const tests = files.reduce((sum, { assertionResults }) => sum + assertionResults.length, 0);
    const from = Math.min(...files.map(({ startTime }) => startTime));
    const to = Math.max(...files.map(({ endTime }) => endTime));
    const minutes = (to - from) / 60_000;
    const budget = budgetMinutes[name] ?? Infinity;
    const verdict = minutes > budget ? `over its budget of ${budget} min` : `budget ${budget} min`;
    return [
      `  ${minutes > budget ? '✗' : '✓'} ${name}: ${tests} tests, ${minutes.toFixed(1)} min (${verdict})`,
    ];
  });
}

/** The closing line. A file that failed before its first test counts as a failure too. */
export function countLine(report: TestReport | undefined): string {
  if (!report) return '0 passed, 1 failed';
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  const counts = [
    `${report.numPassedTests} passed`,
    `${report.numFailedTests + broken.length} failed`,
  ];
  if (report.numPendingTests > 0) counts.push(`${report.numPendingTests} skipped`);
  return counts.join(', ');
}
