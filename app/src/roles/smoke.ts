import { parseArgs } from 'node:util';
import { runSmoke, smokeChecks, type SmokeResult } from '../smoke/runSmoke.ts';
import { NoAnswer } from '../smoke/smokeClient.ts';

const help = `smoke BASE_URL [--json] [--timeout SECONDS]

Checks the promises of the API at BASE_URL, such as http://127.0.0.1:8000: ${smokeChecks.length} checks over HTTP, one line each.
Makes two accounts with random names. Deletes their conversations and sessions at the end. The accounts stay.

  --json             prints one JSON document on one line instead: {"baseUrl", "passed", "failed", "skipped", "checks": [...]}
  --timeout SECONDS  the time for the whole run, 1 to 3600; the default is 60

Exit code: 0 every check passed; 1 a check failed or was skipped; 2 the arguments are wrong, or nothing answers at BASE_URL.
`;

interface Arguments {
  baseUrl: string;
  json: boolean;
  timeoutMs: number;
}

/** `smoke BASE_URL`: checks the API's contract from outside. */
export async function smoke(args: string[]): Promise<number> {
  const parsed = readArguments(args);
  if (parsed === 'help') {
    process.stdout.write(help);
    return 0;
  }
  if (typeof parsed === 'string') {
    process.stderr.write(`smoke: ${parsed}\n\n${help}`);
    return 2;
  }
  const { baseUrl, json, timeoutMs } = parsed;
  const started = performance.now();
  try {
    const show = (result: SmokeResult): void => void process.stdout.write(`${describe(result)}\n`);
    const checks = await runSmoke(baseUrl, { timeoutMs, ...(json ? {} : { onResult: show }) });
    const count = (outcome: SmokeResult['outcome']): number =>
      checks.filter((check) => check.outcome === outcome).length;
    const [passed, failed, skipped] = [count('passed'), count('failed'), count('skipped')];
    const seconds = ((performance.now() - started) / 1_000).toFixed(1);
    process.stdout.write(
      json
        ? `${JSON.stringify({ baseUrl, passed, failed, skipped, checks })}\n`
        : `${passed} passed, ${failed} failed, ${skipped} skipped in ${seconds} s\n`,
    );
    return failed + skipped === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    const message = `nothing answers at ${baseUrl}: ${error.message}`;
    if (json) process.stdout.write(`${JSON.stringify({ baseUrl, error: message })}\n`);
    process.stderr.write(`smoke: ${message}\n`);
    return 2;
  }
}

/** @returns the arguments, or the fault as text, or `help` */
function readArguments(args: string[]): Arguments | string {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        timeout: { type: 'string', default: '60' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return 'help';
    const [baseUrl, ...more] = positionals;
    if (baseUrl === undefined || more.length > 0) return 'give one BASE_URL.';
    if (!URL.canParse(baseUrl) || !/^https?:$/.test(new URL(baseUrl).protocol)) {
      return 'BASE_URL has to start with http:// or https://.';
    }
    if (new URL(baseUrl).username !== '') return 'BASE_URL may hold no user and password.';
    const seconds = Number(values.timeout);
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > 3_600)
      return '--timeout takes 1 to 3600 seconds.';
    return { baseUrl, json: values.json, timeoutMs: seconds * 1_000 };
  } catch (error) {
    return `${(error as Error).message}.`;
  }
}

function describe({ name, outcome, expected, got, reason, ms }: SmokeResult): string {
  if (outcome === 'failed') return `FAILED   ${name}: expected ${expected}; got ${got}`;
  if (outcome === 'skipped') return `skipped  ${name}: ${reason}`;
  return `ok       ${name} (${ms} ms)`;
}
