import type Docker from 'dockerode';
import { ContainerError } from './containerError.ts';
import { containerExec } from './containerExec.ts';

/** A database, and the container of its server. */
export interface ContainerDatabase {
  container: string;
  user: string;
  name: string;
}

/** The real programs first: on Debian's PATH are scripts that take ten times as long. */
const postgresPath = 'PATH="/usr/lib/postgresql/${PG_MAJOR:-17}/bin:$PATH"';

/**
 * Runs a script of bash with Postgres' programs in the container of a server, over its socket. `$user`
 * and `$db` name the database; `$@` holds the arguments.
 *
 * @param failed says what did not work, for the error
 * @returns standard output
 * @throws ContainerError with the end of standard error
 */
export async function postgresScript(
  docker: Docker,
  { container, user, name }: ContainerDatabase,
  script: string,
  options: { args?: string[]; input?: string; failed: string },
): Promise<string> {
  const text = `set -euo pipefail\n${postgresPath}\nuser=$0 db=$1; shift\n${script}`;
  const command = ['bash', '-c', text, user, name, ...(options.args ?? [])];
  const { exitCode, stdout, stderr } = await containerExec(docker, container, command, {
    ...(options.input !== undefined && { input: options.input }),
  });
  if (exitCode === 0) return stdout;
  throw new ContainerError(options.failed, stderr.trim().split('\n').slice(-10));
}

/** The output of a server's own pg_dump, so that dump and server are of one version. */
export async function pgDump(
  docker: Docker,
  database: ContainerDatabase,
  options: string[],
): Promise<string> {
  try {
    return await postgresScript(docker, database, 'exec pg_dump -U "$user" -d "$db" "$@"', {
      args: options,
      failed: 'pg_dump failed',
    });
  } catch (error) {
    if (!(error instanceof ContainerError)) throw error;
    throw new Error(`${error.message}: ${error.tail.join('\n')}`, { cause: error });
  }
}
