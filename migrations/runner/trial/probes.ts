import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Table } from './rows/catalog.ts';
import { literal } from './rows/values.ts';

/** The longest that a statement took, and on which table. */
export interface Wait {
  ms: number;
  on: string;
}

export interface Waits {
  reader: Wait | null;
  writer: Wait | null;
  /** The errors of readers and writers: each message once, with its table. */
  errors: string[];
}

type Kind = 'reader' | 'writer';

/**
 * How long each one rests between two statements, in milliseconds. A wait can be longer than
 * measured by this much.
 */
const restMs = 10;
/** The number of rows in each table that a reader and a writer go through. */
const sampled = 32;

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * A reader and a writer on each table, each on a connection of its own: the one reads a row by its
 * key, the other writes a row as it is, each statement a transaction, with a short rest between
 * two. They stand for the code that serves meanwhile.
 */
export class Probes {
  readonly #longest: Record<Kind, Wait | null> = { reader: null, writer: null };
  readonly #errors = new Set<string>();
  readonly #clients: Client[] = [];
  #loops: Promise<void>[] = [];
  #stopped = false;

  /**
   * @param open makes a connection
   * @returns when every one of them has done its first statement
   */
  static async start(tables: Table[], open: () => Promise<Client>): Promise<Probes> {
    const probes = new Probes();
    try {
      for (const table of tables) {
        for (const kind of ['reader', 'writer'] as const) {
          const client = await open();
          probes.#clients.push(client);
          // Waits are to tell of locks, not of the disk; and the writers' own flushes would slow
          // the migration down.
          await client.query('SET synchronous_commit = off');
          const statements = await statementsFor(client, table, kind);
          await client.query(statements[0] ?? 'SELECT');
          probes.#loops.push(probes.#loop(client, kind, table.name, statements));
        }
      }
    } catch (error) {
      await probes.stop();
      throw error;
    }
    return probes;
  }

  /** Lets every statement that waits come to its end, and gives what was seen. */
  async stop(): Promise<Waits> {
    this.#stopped = true;
    await Promise.all(this.#loops);
    await Promise.all(this.#clients.map((client) => client.end().catch(() => {})));
    return { ...this.#longest, errors: [...this.#errors] };
  }

  /** Breaks off, whatever they wait for. */
  abandon(): void {
    this.#stopped = true;
    for (const client of this.#clients) void client.end().catch(() => {});
  }

  async #loop(client: Client, kind: Kind, on: string, statements: string[]): Promise<void> {
    for (let turn = 0; !this.#stopped; turn++) {
      const started = performance.now();
      try {
        await client.query(statements[turn % statements.length] ?? 'SELECT');
      } catch (error) {
        if (!this.#stopped) this.#errors.add(`${kind} of ${on}: ${(error as Error).message}`);
      }
      const ms = performance.now() - started;
      if (ms > (this.#longest[kind]?.ms ?? 0))
        this.#longest[kind] = { ms: Math.round(ms * 10) / 10, on };
      await sleep(restMs);
    }
  }
}

/**
 * Such as `SELECT * FROM t WHERE id = '1'`; a plain text, so that no plan is kept that a changed
 * table would spoil.
 */
async function statementsFor(client: Client, table: Table, kind: Kind): Promise<string[]> {
  const key = table.primaryKey.length > 0 ? table.primaryKey : ['ctid'];
  const { rows } = await client.query<Record<string, string>>(
    `SELECT ${key.map((name, i) => `${name === 'ctid' ? name : quote(name)}::text AS c${i}`).join(', ')} FROM ${table.sql}
      ORDER BY random() LIMIT ${sampled}`,
  );
  const conditions = rows.map((row) =>
    key
      .map((name, i) => `${name === 'ctid' ? name : quote(name)} = ${literal(row[`c${i}`] ?? '')}`)
      .join(' AND '),
  );
  // An empty table still has a lock to wait for.
  if (conditions.length === 0) conditions.push('false');
  const column = table.columns.find(({ made }) => !made);
  return conditions.map((condition) =>
    kind === 'reader' || !column
      ? `SELECT * FROM ${table.sql} WHERE ${condition}${kind === 'reader' ? '' : ' FOR UPDATE'}`
      : `UPDATE ${table.sql} SET ${quote(column.name)} = ${quote(column.name)} WHERE ${condition}`,
  );
}
