import { migrateCommand } from '../../../migrations/runner/cli/cli.ts';
import { readConfig } from '../settings/config.ts';
import { paths } from '../settings/paths.ts';
import { migrateSettings } from '../settings/settings.ts';

/** `migrate VERB`: changes the database's schema with the migration files of this image. */
export async function migrate(args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  return migrateCommand(args, paths.migrations, () => {
    const settings = readConfig(migrateSettings, env);
    return {
      databaseUrl: settings.DATABASE_URL,
      appDatabaseUrl: settings.APP_DATABASE_URL,
      schema: settings.DATABASE_SCHEMA,
      release: settings.RELEASE,
      production: settings.NODE_ENV === 'production',
      connectWaitMs: settings.MIGRATE_CONNECT_WAIT_MS,
      lockWaitMs: settings.MIGRATE_LOCK_WAIT_MS,
      lockTimeoutMs: settings.MIGRATE_LOCK_TIMEOUT_MS,
      statementTimeoutMs: settings.MIGRATE_STATEMENT_TIMEOUT_MS,
      attempts: settings.MIGRATE_ATTEMPTS,
    };
  });
}
