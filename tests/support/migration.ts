import type { Migration, Script } from '../../migrations/runner/files/files.ts';
import type { Phase } from '../../migrations/runner/files/header.ts';

/** A migration for unit tests, without files. */
export function migration(
  name: string,
  about: {
    phase?: Phase;
    reversible?: boolean;
    completes?: string;
    checksum?: string;
    sql?: string;
  } = {},
): Migration {
  const { phase, reversible = true, completes, checksum = 'x', sql = 'SELECT 1;' } = about;
  const script = (direction: string): Script => ({
    file: `${name}.${direction}.sql`,
    sql,
    header: { noTransaction: false, ...(completes && { completes }) },
  });
  return {
    name,
    number: Number(name.slice(0, 4)),
    up: script('up'),
    down: script('down'),
    checksum,
    downChecksum: checksum,
    phase,
    reversible,
  };
}
