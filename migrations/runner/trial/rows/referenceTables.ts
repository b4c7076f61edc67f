import { readMigrations } from '../../files/files.ts';
import { splitStatements } from '../../sql/statements.ts';

const insertValues =
  /^insert\s+into\s+(?:"?[a-z_][a-z0-9_]*"?\s*\.\s*)?"?(?<table>[a-z_][a-z0-9_]*)"?\s*(?:\([^)]*\)\s*)?values\b/i;

/**
 * The tables that migrations write rows of their own into (`INSERT INTO … VALUES …`): few rows,
 * which later migrations may count on. What is copied from other rows (`INSERT … SELECT`) is
 * people's data, and does not count.
 */
export function referenceTables(folder: string): string[] {
  const found = new Set<string>();
  for (const { up } of readMigrations(folder)) {
    for (const { start, end } of splitStatements(up.sql)) {
      const table = insertValues.exec(up.sql.slice(start, end))?.groups?.['table'];
      if (table) found.add(table.toLowerCase());
    }
  }
  return [...found];
}
