/** The output of the image's smoke role with `--json`. */
export interface SmokeReport {
  passed: number;
  failed: number;
  skipped: number;
  checks: { name: string; outcome: string; expected?: string; got?: string }[];
}

/** @param lines the last lines of the smoke task */
export function readReport(lines: string[]): SmokeReport | undefined {
  for (const line of lines.toReversed()) {
    if (!line.startsWith('{"baseUrl"')) continue;
    const report = JSON.parse(line) as Partial<SmokeReport>;
    if (report.checks) return report as SmokeReport;
  }
  return undefined;
}

/** The reasons in the log of an API, each once. */
export function loggedReasons(lines: string[]): string[] {
  const reasons = lines.map((line) => {
    try {
      const { err, msg } = JSON.parse(line) as { err?: { message?: string }; msg?: string };
      return err?.message ?? msg ?? line;
    } catch {
      return line;
    }
  });
  return [...new Set(reasons)].slice(-5).map((line) => line.slice(0, 300));
}
