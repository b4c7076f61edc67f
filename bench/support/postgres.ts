const password = 'bench';

/** The user and the database of a Postgres that a benchmark starts. */
export const owner = 'slipway';

/** Arguments of `docker run` that set up the Postgres image. */
export const postgresFlags = [
  ...['-e', `POSTGRES_USER=${owner}`],
  ...['-e', `POSTGRES_DB=${owner}`],
  ...['-e', `POSTGRES_PASSWORD=${password}`],
];

/** Arguments of `docker run` that give psql its password. */
export const psqlFlags = ['-e', `PGPASSWORD=${password}`];

/** @param host such as `127.0.0.1:5432` */
export function databaseUrl(host: string, database: string = owner): string {
  return `postgres://${owner}:${password}@${host}/${database}`;
}
