/** The part of vitest's JSON report that is read here. */
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
    /** Why the file itself failed. */
    message?: string;
    assertionResults: { status?: string; fullName?: string; failureMessages?: string[] }[];
  }[];
}

interface Part {
  name: string;
  /** How long it may take before it says so. */
  budgetMinutes: number;
  has: (file: string) => boolean;
}

const isEndToEnd = (file: string): boolean => /^tests\//.test(file);

/** The first runs alone, the other two side by side. On two cores all of them aim at 30 minutes. */
const parts: Part[] = [
  { name: 'unit and integration', budgetMinutes: 5, has: (file) => !isEndToEnd(file) },
  {
    name: 'dev end to end',
    budgetMinutes: 20,
    has: (file) => isEndToEnd(file) && !file.startsWith('tests/aws/'),
  },
  { name: 'rehearsal', budgetMinutes: 25, has: (file) => file.startsWith('tests/aws/') },
];

/**
 * A line for each part of the tests that ran: how many tests, how long, and whether that is over
 * its budget; and one for all of them.
 *
 * @param root the checkout, absolute
 */
export function partLines(report: TestReport, root: string): string[] {
  const lines = parts.flatMap(({ name, budgetMinutes: budget, has }) => {
    const files = report.testResults.filter((file) => has(file.name.slice(root.length + 1)));
    if (files.length === 0) return [];
    const tests = files.reduce((sum, { assertionResults }) => sum + assertionResults.length, 0);
    const took = minutes(files);
    const verdict = took > budget ? `over its budget of ${budget} min` : `budget ${budget} min`;
    return [
      `  ${took > budget ? '✗' : '✓'} ${name}: ${tests} tests, ${took.toFixed(1)} min (${verdict})`,
    ];
  });
  if (lines.length > 1) lines.push(`  all tests: ${minutes(report.testResults).toFixed(1)} min`);
  return lines;
}

/** From the start of the first file to the end of the last. */
function minutes(files: TestReport['testResults']): number {
  const from = Math.min(...files.map(({ startTime }) => startTime));
  const to = Math.max(...files.map(({ endTime }) => endTime));
  return (to - from) / 60_000;
}

/**
 * What failed and why, in a few lines each: a log of a run elsewhere is often read by its end alone.
 *
 * @param root the checkout, absolute
 */
export function failureLines(report: TestReport, root: string): string[] {
  return report.testResults.flatMap(({ name, status, message = '', assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed');
    const whole = status === 'failed' && failed.length === 0;
    return [
      ...failed.map((test) => [test.fullName ?? '', test.failureMessages?.join('\n') ?? '']),
      ...(whole ? [['', message]] : []),
    ].flatMap(([test = '', why = '']) => [
      `  ✗ ${name.slice(root.length + 1)} ${test}`.trimEnd(),
      ...reasonLines(why).map((line) => `      ${line}`),
    ]);
  });
}

/** Of a whole update's output the lines that name the fault, else the first ones. */
function reasonLines(message: string): string[] {
  const [said = ''] = message.split(/\n {4}at /);
  const lines = [...new Set(said.split('\n').map((line) => line.trim().slice(0, 300)))].filter(
    Boolean,
  );
  const telling = lines.filter((line) => /error|fail|refuse|expected/i.test(line));
  return (telling.length > 0 ? telling : lines).slice(0, 5);
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
