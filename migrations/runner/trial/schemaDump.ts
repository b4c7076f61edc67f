import { spawn } from 'node:child_process';
import { structuredPatch } from 'diff';
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
  const { hunks } = structuredPatch('', '', before, after, '', '', { context: 2 });
  // Whether the last line ends is no difference of a schema.
  const lines = hunks.map((hunk) => hunk.lines.filter((line) => !line.startsWith('\\')));
  return lines.flatMap((hunk, i) => (i === 0 ? hunk : [' …', ...hunk]));
}
