import type { AlterEnumStmt, Node, ReindexStmt } from 'libpg-query';
import type { Client } from 'pg';
import { MigrationError } from '../exit.ts';
import { concurrentIndex, type ConcurrentIndex } from '../sql/checkScript.ts';
import { quoted, tableName, wordsOf } from '../sql/tree.ts';

/**
 * What a statement outside a transaction leaves in the database: the next attempt tells from it how
 * far an earlier one came.
 */
export interface Traces {
  /** Whether the database stands as after the statement. */
  complete(client: Client): Promise<boolean>;
  /**
   * Removes what an attempt that broke off has left.
   *
   * @throws {MigrationError} `lockNotObtained` when another session is at work on it
   */
  clear(client: Client, say: (line: string) => void): Promise<void>;
}

/** @returns `undefined` for a statement that may run twice, or that we know no traces of */
export function tracesOf(tree: Node): Traces | undefined {
  const index = concurrentIndex(tree);
  if (index) return ofIndex(index);
  if ('AlterEnumStmt' in tree) return ofLabel(tree.AlterEnumStmt);
  if ('ReindexStmt' in tree) return ofReindex(tree.ReindexStmt);
  return undefined;
}

function ofIndex({ action, name }: ConcurrentIndex): Traces {
  const find = async (client: Client) => {
    const { rows } = await client.query<{ valid: boolean; builder: number | null }>(
      `SELECT indisvalid AS valid,
              (SELECT pid FROM pg_stat_progress_create_index WHERE index_relid = indexrelid LIMIT 1) AS builder
         FROM pg_index WHERE indexrelid = to_regclass($1)`,
      [name],
    );
    return rows[0];
  };
  if (action === 'drop')
    return { complete: async (client) => !(await find(client)), clear: async () => {} };
  return {
    complete: async (client) => (await find(client))?.valid === true,
    // `IF NOT EXISTS` would take it for the finished index.
    clear: async (client, say) => {
      const found = await find(client);
      if (!found || found.valid) return;
      if (found.builder !== null) {
        throw new MigrationError(
          'lockNotObtained',
          `Another session (process ${found.builder} of the server) is building the index ${name} right now. Wait for it, or end it.`,
        );
      }
      await dropInvalid(client, name, say);
    },
  };
}

/** A label of an enum: added, or renamed. */
function ofLabel({ typeName, oldVal, newVal }: AlterEnumStmt): Traces {
  const type = (typeName ?? []).flatMap(wordsOf).map(quoted).join('.');
  return {
    complete: async (client) => {
      const { rows } = await client.query<{ label: string }>(
        'SELECT enumlabel AS label FROM pg_enum WHERE enumtypid = to_regtype($1)',
        [type],
      );
      const labels = new Set(rows.map(({ label }) => label));
      return labels.has(newVal ?? '') && !labels.has(oldVal ?? '');
    },
    clear: async () => {},
  };
}

/**
 * REINDEX may run again, but each attempt that broke off leaves the index that it was building
 * (`_ccnew`), or the old one that it could no longer drop (`_ccold`): invalid, and written to by
 * every change of the table.
 */
function ofReindex({ kind, relation, name }: ReindexStmt): Traces {
  const target = relation ? tableName(relation) : '';
  const [where, values] =
    kind === 'REINDEX_OBJECT_SCHEMA'
      ? ['main.relnamespace = to_regnamespace($1)', [quoted(name ?? '')]]
      : relation
        ? [
            `main.oid IN (SELECT coalesce((SELECT indrelid FROM pg_index WHERE indexrelid = r), r)
                           FROM to_regclass($1) AS r)`,
            [target],
          ]
        : ['true', []];
  return {
    complete: () => Promise.resolve(false),
    clear: async (client, say) => {
      const { rows } = await client.query<{ left: string }>(
        `SELECT i.indexrelid::regclass::text AS left
           FROM pg_index i
           JOIN pg_class c ON c.oid = i.indexrelid
           JOIN pg_class main ON main.oid = i.indrelid OR main.reltoastrelid = i.indrelid
          WHERE NOT i.indisvalid AND main.relkind <> 't' AND c.relname ~ '_cc(new|old)\\d*$' AND ${where}
            AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index
                             WHERE datname = current_database())`,
        values,
      );
      for (const { left } of rows) await dropInvalid(client, left, say);
    },
  };
}

async function dropInvalid(
  client: Client,
  name: string,
  say: (line: string) => void,
): Promise<void> {
  await client.query(`DROP INDEX CONCURRENTLY ${name}`);
  say(`dropped the invalid index ${name}, which an attempt that broke off had left`);
}
