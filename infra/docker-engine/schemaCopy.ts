import type Docker from 'dockerode';
import { postgresScript, type ContainerDatabase } from './postgresTools.ts';

/**
 * The schema of a database as SQL: roles without their passwords, tables, and the rows of a few of
 * them, such as the bookkeeping of the migrations. Reads within the container, over its socket;
 * holds nobody up.
 *
 * @returns undefined when the database has never been migrated
 * @throws ContainerError when it cannot be read
 */
export async function dumpSchema(
  docker: Docker,
  source: ContainerDatabase,
  rowsOf: string[],
): Promise<string | undefined> {
  // One script, because each command costs the engine more than its work.
  const script = [
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
  const failed = "the schema of the stack's database could not be copied";
  const dump = await postgresScript(docker, source, script, { args: rowsOf, failed });
  return dump === '' ? undefined : dump;
}
