import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MigrationFile } from './platform.ts';

/** The migrations of a checkout, in the order in which they run, with the checksums the runner computes. */
export function readMigrationFiles(root: string): MigrationFile[] {
  const folder = join(root, 'migrations');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.up.sql'))
    .sort()
    .map((file) => ({
      name: file.slice(0, -'.up.sql'.length),
      checksum: createHash('sha256')
        .update(readFileSync(join(folder, file)))
        .digest('hex'),
    }));
}
