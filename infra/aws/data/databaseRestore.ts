import { createHash } from 'node:crypto';
import type { AwsConfig } from '../../config/config.ts';

/** Where a database comes from when it does not start empty. */
export type DatabaseRestore =
  | {
      /** Name or ARN of a snapshot. */
      snapshot: string;
    }
  | {
      /** Identifier of the instance whose backups are used. */
      source: string;
      /** UTC, such as `2026-03-01T10:30:00Z`, within the source's backup retention. */
      time: string;
    };

/**
 * Tells databases of different origins apart: in logical names, and in the database's identity.
 * Empty for a new one.
 */
export function restoreGeneration(restore: DatabaseRestore | undefined): string {
  if (!restore) return '';
  return createHash('sha256').update(JSON.stringify(restore)).digest('hex').slice(0, 8);
}

/** Where the configuration says that the database comes from; nowhere for a new one. */
export function databaseRestore(
  config: Pick<AwsConfig, 'restoreSnapshot' | 'restoreSource' | 'restoreTime'>,
): DatabaseRestore | undefined {
  const { restoreSnapshot, restoreSource, restoreTime } = config;
  if (restoreSnapshot !== undefined) return { snapshot: restoreSnapshot };
  if (restoreSource === undefined || restoreTime === undefined) return undefined;
  return { source: restoreSource, time: restoreTime };
}
