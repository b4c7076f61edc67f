import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestPostgres } from '../../../tests/support/postgres.ts';
import { takeLock } from './lock.ts';

let postgres: TestPostgres;
let one: Client;
let two: Client;
beforeAll(async () => {
  postgres = await TestPostgres.start();
  const connectionString = await postgres.createDatabase();
  [one, two] = [new Client({ connectionString }), new Client({ connectionString })];
  await Promise.all([one.connect(), two.connect()]);
});
afterAll(async () => {
  await one?.end();
  await two?.end();
  await postgres?.stop();
});

const isTrue = async (client: Client, expression: string): Promise<boolean> => {
  const { rows } = await client.query<{ is: boolean }>(`SELECT ${expression} AS is`);
  return rows[0]!.is;
};

// Half of all schemas have a negative key, whose halves pg_locks shows without a sign.
test.each(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])(
  'the lock of schema %s is held by the session that took it, and by no other',
  async (schema) => {
    const lock = await takeLock(one, schema, 0, () => {});
    await lock.assertHeld();
    expect(await isTrue(two, lock.held)).toBe(false);
    await expect(takeLock(two, schema, 0, () => {})).rejects.toMatchObject({
      reason: 'lockNotObtained',
    });
    await one.query('SELECT pg_advisory_unlock_all()');
    await expect(lock.assertHeld()).rejects.toMatchObject({ reason: 'lockLost' });
    await (await takeLock(two, schema, 0, () => {})).assertHeld();
    await two.query('SELECT pg_advisory_unlock_all()');
  },
);

test('another lock that shares a half of the key, or both as two numbers, is not the lock', async () => {
  const lock = await takeLock(one, 'mine', 0, () => {});
  const key = `hashtextextended('slipway migrations in mine', 0)`;
  for (const other of [
    `${key} # 1`,
    `${key} # (1::bigint << 32)`,
    `(${key} >> 32)::int, (${key} << 32 >> 32)::int`,
  ]) {
    await one.query('SELECT pg_advisory_unlock_all()');
    await one.query(`SELECT pg_advisory_lock(${other})`);
    expect(await isTrue(one, lock.held), other).toBe(false);
  }
  await one.query('SELECT pg_advisory_unlock_all()');
});

test('a run that waits says so once, and takes the lock when it is free', async () => {
  await takeLock(one, 'waited', 0, () => {});
  const said: string[] = [];
  const waiting = takeLock(two, 'waited', 30_000, (line) => {
    said.push(line);
    // A second attempt at least fails, too.
    setTimeout(() => void one.query('SELECT pg_advisory_unlock_all()'), 600);
  });
  await (await waiting).assertHeld();
  expect(said).toEqual([expect.stringContaining('up to 30 s')]);
  await two.query('SELECT pg_advisory_unlock_all()');
});
