// A runner with Umzug alone: each file in a transaction, its name in a table. It has no lock, no
// checksum and no check of the order.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { Umzug } from 'umzug';

async function main(): Promise<void> {
  const folder = process.argv[2] ?? '.';
  const client = new pg.Client({ connectionString: process.env['DATABASE_URL'] });
  await client.connect();
  await client.query('CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY)');
  const names = readdirSync(folder).filter((name) => name.endsWith('.up.sql'));
  const umzug = new Umzug({
    logger: undefined,
    migrations: names.sort().map((name) => ({
      name,
      up: async () => {
        await client.query('BEGIN');
        await client.query(readFileSync(join(folder, name), 'utf8'));
        await client.query('COMMIT');
      },
    })),
    storage: {
      executed: async () =>
        (await client.query<{ name: string }>('SELECT name FROM migrations')).rows.map(
          (row) => row.name,
        ),
      logMigration: async ({ name }) =>
        void (await client.query('INSERT INTO migrations VALUES ($1)', [name])),
      unlogMigration: async () => {},
    },
  });
  await umzug.up();
  await client.end();
}

void main();
