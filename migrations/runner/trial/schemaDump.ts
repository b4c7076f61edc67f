import { spawn } from 'node:child_process';
import { MigrationError } from '../exit.ts';

/** Gives what `pg_dump` prints for the database, called with these options. */
export type PgDump = (options: string[]) => Promise<string>;

/** The schema as pg_dump writes it, the runner's own tables left out. */
export async function dumpSchema(pgDump: PgDump): Promise<string> {
  const text = await pgDump(['--schema-only', '--exclude-table=slipway_migration*']);
  // pg_dump writes a new random key into these two lines each time.
  return text.replaceAll(/^\\(?:un)?restrict .*\n/gm, '');
}

/**
 * Runs the pg_dump on the PATH. The address goes through the environment: a command line is for all
 * to see.
 *
 * @throws {MigrationError} `usage` where there is none, or it fails
 */
export function localPgDump(databaseUrl: string): PgDump {
  const url = new URL(databaseUrl);
  const env = {
    ...process.env,
    PGHOST: url.hostname,
    PGPORT: url.port || '5432',
    PGUSER: decodeURIComponent(url.username),
    PGPASSWORD: decodeURIComponent(url.password),
    PGDATABASE: decodeURIComponent(url.pathname.slice(1)),
    ...(url.searchParams.has('sslmode') && { PGSSLMODE: url.searchParams.get('sslmode') ?? '' }),
  };
  return (options) =>
    new Promise((resolve, reject) => {
      const child = spawn('pg_dump', options, { env, stdio: ['ignore', 'pipe', 'pipe'] });
      let out = '';
      let err = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
      child.on('error', (error) => {
        const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
        const why = missing ? 'there is no pg_dump on the PATH' : error.message;
        reject(
          new MigrationError(
            'usage',
            `The schema cannot be compared: ${why}. \`make migration-trial\` brings one.`,
            { cause: error },
          ),
        );
      });
      child.on('close', (code) => {
        if (code === 0) resolve(out);
        else
          reject(
            new MigrationError(
              'usage',
              `The schema cannot be compared: pg_dump ended with ${code}: ${err.trim()}`,
            ),
          );
      });
    });
}

/**
 * Lines that differ, as a unified diff with two lines around each place; empty when the texts are
 * alike.
 */
export function diffLines(before: string, after: string): string[] {
  const a = before.split('\n');
  const b = after.split('\n');
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (
    end < a.length - start &&
    end < b.length - start &&
    a[a.length - 1 - end] === b[b.length - 1 - end]
  )
    end++;
  if (start === a.length && start === b.length) return [];
  const around = 2;
  const head = a.slice(Math.max(0, start - around), start).map((line) => ` ${line}`);
  const tail = a.slice(a.length - end, a.length - end + around).map((line) => ` ${line}`);
  const middle = changes(a.slice(start, a.length - end), b.slice(start, b.length - end));
  return [...head, ...shorten(middle, around), ...tail];
}

/**
 * By the longest common subsequence; what is compared is the part between the first and the last
 * difference.
 */
function changes(a: string[], b: string[]): string[] {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      lengths[i * width + j] =
        a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const lines: string[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(` ${a[i] ?? ''}`);
      i++;
      j++;
    } else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1)))
      lines.push(`-${a[i++] ?? ''}`);
    else lines.push(`+${b[j++] ?? ''}`);
  }
  return lines;
}

/** Keeps the lines that differ and a few around them. */
function shorten(lines: string[], around: number): string[] {
  const near = lines.map((_, i) =>
    lines.slice(Math.max(0, i - around), i + around + 1).some((line) => !line.startsWith(' ')),
  );
  return lines.flatMap((line, i) => (near[i] ? [line] : near[i - 1] ? [' …'] : []));
}
