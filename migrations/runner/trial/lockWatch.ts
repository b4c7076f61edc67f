import type { Client } from 'pg';
import { lockOrder, type LockMode } from '../sql/lockModes.ts';

/** A lock that a file held on a table that was there before it. */
export interface HeldLock {
  mode: LockMode;
  on: string;
}

/**
 * Collects the table locks that a session holds. They are read from outside again and again, and by
 * the session itself at the end of each transaction, where it still holds all of them.
 */
export class LockWatch {
  readonly #names: Map<number, string>;
  readonly #held = new Map<string, LockMode>();

  private constructor(names: Map<number, string>) {
    this.#names = names;
  }

  /** Notes which tables there are: on those that a file makes itself nobody can wait. */
  static async start(client: Client, schema: string): Promise<LockWatch> {
    const { rows } = await client.query<{ oid: number; name: string }>(
      `SELECT c.oid::int AS oid, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE nspname = $1 AND relkind IN ('r', 'p', 'm', 'v', 'f') AND relname NOT LIKE 'slipway\\_migration%'`,
      [schema],
    );
    return new LockWatch(new Map(rows.map(({ oid, name }) => [oid, name])));
  }

  /** @param who a condition on pg_locks that picks the session */
  async look(client: Client, who: string): Promise<void> {
    const { rows } = await client.query<{ relation: number; mode: string }>(
      `SELECT DISTINCT relation::int AS relation, mode FROM pg_locks
        WHERE locktype = 'relation' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND ${who}`,
    );
    for (const { relation, mode } of rows) {
      const on = this.#names.get(relation);
      const known = lockOrder.find((one) => `${one}Lock` === mode);
      if (!on || !known) continue;
      const before = this.#held.get(on);
      if (!before || lockOrder.indexOf(known) > lockOrder.indexOf(before))
        this.#held.set(on, known);
    }
  }

  /** The strongest lock on each table, the strongest first. */
  get held(): HeldLock[] {
    return [...this.#held]
      .map(([on, mode]) => ({ mode, on }))
      .sort(
        (a, b) => lockOrder.indexOf(b.mode) - lockOrder.indexOf(a.mode) || (a.on < b.on ? -1 : 1),
      );
  }
}
