import type { PoolClient } from 'pg';
import { pino } from 'pino';
import { hashPassword, verifyPassword } from '../auth/passwords.ts';
import { openDatabase, transaction } from '../database/database.ts';
import { isUnavailable } from '../database/unavailable.ts';
import { seeds } from '../seed/seeds.ts';
import { readConfig } from '../settings/config.ts';
import { seedSettings, type SeedSettings } from '../settings/settings.ts';

/**
 * `seed`: fills a migrated database with models, a demo user and a sample conversation. Each part
 * runs once per database, and again after migrations were reverted. Every run sets the demo user's
 * password to that of the environment.
 */
export async function seed(env: NodeJS.ProcessEnv): Promise<number> {
  const settings = readConfig(seedSettings, env);
  const pool = openDatabase(
    {
      url: settings.DATABASE_URL,
      schema: settings.DATABASE_SCHEMA,
      max: 1,
      poolTimeoutMs: 10_000,
      idleTimeoutMs: 1_000,
      maxLifetimeS: 600,
      statementTimeoutMs: 60_000,
    },
    pino({ level: 'silent' }),
  );
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  try {
    await transaction(pool, (client) => runSeeds(client, settings, say));
    say(`demo user: ${settings.DEMO_USER_EMAIL}`);
    return 0;
  } catch (error) {
    const missing = (error as { code?: string }).code === '42P01';
    const why = missing
      ? 'the database is not migrated yet; run `migrate up` first'
      : (error as Error).message;
    process.stderr.write(`seed: ${why}\n`);
    return isUnavailable(error) ? 4 : 1;
  } finally {
    await pool.end();
  }
}

async function runSeeds(
  client: PoolClient,
  settings: SeedSettings,
  say: (line: string) => void,
): Promise<void> {
  // Two seeds at the same time would both find nothing done.
  await client.query(
    "SELECT pg_advisory_xact_lock(hashtextextended('slipway seeds in ' || current_schema(), 0))",
  );
  await client.query(
    `CREATE TABLE IF NOT EXISTS slipway_seeds (version integer PRIMARY KEY, name text NOT NULL, seeded_at timestamptz NOT NULL DEFAULT now())`,
  );
  // A migration that was reverted took the rows of its tables with it. Older seeds run again.
  const { rows: done } = await client.query<{ version: number }>(
    `SELECT version FROM slipway_seeds WHERE seeded_at >
       coalesce((SELECT max(at) FROM slipway_migration_history WHERE direction = 'down'), '-infinity')`,
  );
  const email = settings.DEMO_USER_EMAIL;
  const passwordHash = await hashOf(client, email, settings.DEMO_USER_PASSWORD);
  for (const { version, name, run } of seeds) {
    if (done.some((row) => row.version === version)) continue;
    await run({ client, demo: { email, passwordHash } });
    await client.query(
      `INSERT INTO slipway_seeds (version, name) VALUES ($1, $2)
       ON CONFLICT (version) DO UPDATE SET name = excluded.name, seeded_at = now()`,
      [version, name],
    );
    say(`seeding ${name} … done`);
  }
  await client.query(
    'UPDATE users SET password_hash = $2 WHERE lower(email) = lower($1) AND password_hash <> $2',
    [email, passwordHash],
  );
}

/** The stored hash if it fits the password, else a new one. */
async function hashOf(client: PoolClient, email: string, password: string): Promise<string> {
  const { rows } = await client.query<{ hash: string }>(
    'SELECT password_hash AS hash FROM users WHERE lower(email) = lower($1)',
    [email],
  );
  const stored = rows[0]?.hash;
  return stored && (await verifyPassword(stored, password)) ? stored : hashPassword(password);
}
