import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { baseImages } from '../../infra/docker-engine/baseImages.ts';
import { postgresNeeds } from '../../infra/docker-engine/throwAwayPostgres.ts';
import { eventually, startContainer, type TestContainer } from './containers.ts';

/** A Postgres for one test file. */
export class TestPostgres {
  /** The server, with a database that tests may not change. */
  readonly adminUrl: string;
  /** Absent when the tests use a server of the environment: then it cannot be stopped. */
  readonly container: TestContainer | undefined;

  constructor(adminUrl: string, container: TestContainer | undefined) {
    this.adminUrl = adminUrl;
    this.container = container;
  }

  /** Uses the server at SLIPWAY_TEST_DATABASE_URL, or else starts one in a container. */
  static async start(): Promise<TestPostgres> {
    const given = process.env['SLIPWAY_TEST_DATABASE_URL'];
    if (given) return new TestPostgres(given, undefined);
    const password = randomBytes(12).toString('hex');
    const envs = ['POSTGRES_USER=slipway', `POSTGRES_PASSWORD=${password}`, 'POSTGRES_DB=slipway'];
    const container = await startContainer(baseImages.postgres, 5432, { ...postgresNeeds, envs });
    const postgres = new TestPostgres(
      `postgres://slipway:${password}@127.0.0.1:${container.port}/slipway`,
      container,
    );
    await eventually(() => postgres.query('SELECT 1'));
    return postgres;
  }

  /** Makes an empty database and returns its address. */
  async createDatabase(): Promise<string> {
    const name = `test_${randomBytes(6).toString('hex')}`;
    await this.query(`CREATE DATABASE ${name}`);
    const url = new URL(this.adminUrl);
    url.pathname = `/${name}`;
    return url.href;
  }

  /** Runs one query on a connection of its own. */
  async query(sql: string, url: string = this.adminUrl): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => {});
    try {
      await client.connect();
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end().catch(() => {});
    }
  }

  async stop(): Promise<void> {
    await this.container?.remove();
  }
}

/** The address of a database for the role that the app signs in with. */
export function asApp(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  Object.assign(url, { username: 'slipway_app', password: 'for-the-tests-alone' });
  return url.href;
}
