import { randomBytes } from 'node:crypto';
import type Docker from 'dockerode';
import { TaskError } from '../../tasks/taskRunner.ts';
import { containerExec } from '../../docker-engine/containerExec.ts';
import { engineReason } from '../../docker-engine/engineReason.ts';
import { lastLines, type Scratch } from './scratch.ts';

/** Long, for a busy machine. */
const startTimeoutSeconds = 120;
const alias = 'postgres';
/** The real programs first: on Debian's PATH are scripts that take ten times as long. */
const postgresPath = 'PATH="/usr/lib/postgresql/${PG_MAJOR:-17}/bin:$PATH"';

/** The stack's database, as something that can be asked from within its container. */
export interface SourceDatabase {
  container: string;
  user: string;
  name: string;
}

/**
 * The schema of a database as SQL: roles without their passwords, tables, and the rows of a few of
 * them, such as the bookkeeping of the migrations. Reads within the container, over its socket;
 * holds nobody up.
 *
 * @returns undefined when the database has never been migrated
 */
export async function dumpSchema(
  docker: Docker,
  source: SourceDatabase,
  rowsOf: string[],
): Promise<string | undefined> {
  const script = [
    'set -euo pipefail',
    postgresPath,
    'user=$0 db=$1; shift',
    `migrated=$(psql -U "$user" -d "$db" -Atc "select count(*) from pg_tables where tablename = 'slipway_migrations'")`,
    '[ "$migrated" != 0 ] || exit 0',
    // The roles that exist there already are no fault.
    "echo '\\set ON_ERROR_STOP off'",
    'pg_dumpall -U "$user" --roles-only --no-role-passwords',
    "echo '\\set ON_ERROR_STOP on'",
    'pg_dump -U "$user" -d "$db" --schema-only --lock-wait-timeout=10s',
    'tables=(); for table in "$@"; do tables+=(--table="*.$table"); done',
    'pg_dump -U "$user" -d "$db" --data-only --disable-triggers --lock-wait-timeout=10s "${tables[@]}"',
  ].join('\n');
  const command = ['bash', '-c', script, source.user, source.name, ...rowsOf];
  const { exitCode, stdout, stderr } = await containerExec(docker, source.container, command);
  if (exitCode !== 0) {
    throw new TaskError(
      "the schema of the stack's database could not be copied",
      stderr.trim().split('\n').slice(-10),
    );
  }
  return stdout === '' ? undefined : stdout;
}

/** A Postgres in memory that is thrown away, filled with a dump. */
export class ScratchDatabase {
  /** For containers of the scratch network. */
  readonly url: string;
  readonly #container: Docker.Container;
  readonly #docker: Docker;
  readonly #source: SourceDatabase;

  private constructor(
    docker: Docker,
    container: Docker.Container,
    source: SourceDatabase,
    url: string,
  ) {
    this.#docker = docker;
    this.#container = container;
    this.#source = source;
    this.url = url;
  }

  /** @param image that of the stack's Postgres, so that dump and server are of one version */
  static async start(
    docker: Docker,
    scratch: Scratch,
    image: string,
    source: SourceDatabase,
  ): Promise<ScratchDatabase> {
    const password = randomBytes(24).toString('hex');
    const container = await scratch.start({
      image,
      // What a crash would lose is thrown away anyway.
      command: [
        'postgres',
        '-c',
        'fsync=off',
        '-c',
        'synchronous_commit=off',
        '-c',
        'full_page_writes=off',
      ],
      alias,
      envs: [
        `POSTGRES_USER=${source.user}`,
        `POSTGRES_DB=${source.name}`,
        `POSTGRES_PASSWORD=${password}`,
        'PGDATA=/var/lib/postgresql/data/pgdata',
        'POSTGRES_INITDB_ARGS=--no-sync',
      ],
      memoryMb: 512,
      capabilities: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETGID', 'SETUID'],
      tmpfs: {
        '/tmp': 'rw,noexec,nosuid,size=64m',
        '/var/run/postgresql': 'rw,noexec,nosuid,size=1m,mode=1777',
        '/var/lib/postgresql/data': 'rw,noexec,nosuid,size=384m,mode=1777',
      },
    });
    const url = `postgres://${source.user}:${password}@${alias}:5432/${source.name}`;
    const database = new ScratchDatabase(docker, container, source, url);
    await database.#ready();
    return database;
  }

  async fill(dump: string): Promise<void> {
    const { user, name } = this.#source;
    const command = ['bash', '-c', `${postgresPath}\npsql -q -U "$0" -d "$1" -f -`, user, name];
    const { exitCode, stderr } = await containerExec(this.#docker, this.#container.id, command, {
      input: dump,
    });
    if (exitCode !== 0) {
      throw new TaskError(
        'the copy of the schema could not be filled',
        stderr.trim().split('\n').slice(-10),
      );
    }
  }

  async #ready(): Promise<void> {
    const { user, name } = this.#source;
    // Over TCP: while it initialises, Postgres answers on its socket only. One command that waits
    // in there: each one costs the engine more than the question.
    const script = `${postgresPath}\nuntil pg_isready -q -h 127.0.0.1 -U "$0" -d "$1"; do sleep 0.1; done`;
    const command = ['timeout', String(startTimeoutSeconds), 'bash', '-c', script, user, name];
    const asked = await containerExec(this.#docker, this.#container.id, command).catch(
      (error: unknown) => ({
        exitCode: engineReason(error),
      }),
    );
    if (asked.exitCode === 0) return;
    throw new TaskError(
      'a throw-away Postgres did not become ready',
      await lastLines(this.#container, 10),
    );
  }
}
