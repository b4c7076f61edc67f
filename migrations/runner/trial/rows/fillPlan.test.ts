import { expect, test } from 'vitest';
import type { Column, ForeignKey, Table } from './catalog.ts';
import { inOrder, insertInto, keyOf, unfillable } from './fillPlan.ts';

const column = (name: string, about: Partial<Column> = {}): Column => ({
  name,
  type: 'integer',
  castTo: 'integer',
  category: 'N',
  labels: null,
  notNull: true,
  default: null,
  made: false,
  unique: null,
  ...about,
});
const key = (columns: string[], target: number): ForeignKey => ({
  name: `${columns.join('_')}_fkey`,
  columns,
  target,
  targetName: `t${target}`,
  targetSql: `public.t${target}`,
  targetColumns: columns.map(() => 'id'),
});
const table = (oid: number, about: Partial<Table> = {}): Table => ({
  oid,
  name: `t${oid}`,
  sql: `public.t${oid}`,
  columns: [column('id')],
  checks: [],
  foreignKeys: [],
  filled: false,
  primaryKey: [],
  ...about,
});

test('tables come after those they refer to', () => {
  const tables = [
    table(1, { columns: [column('a')], foreignKeys: [key(['a'], 2)] }),
    table(2, { columns: [column('b')], foreignKeys: [key(['b'], 3)] }),
    table(3),
  ];
  expect(inOrder(tables).map(({ table: { oid } }) => oid)).toEqual([3, 2, 1]);
});

test('in a circle the key that may be empty stays empty; a circle of needed ones is refused by name', () => {
  const circle = (notNull: boolean): Table[] => [
    table(1, { columns: [column('a', { notNull })], foreignKeys: [key(['a'], 2)] }),
    table(2, { columns: [column('b')], foreignKeys: [key(['b'], 1)] }),
  ];
  expect(inOrder(circle(false)).map(({ table: { oid }, empty }) => [oid, [...empty]])).toEqual([
    [1, ['a_fkey']],
    [2, []],
  ]);
  expect(() => inOrder(circle(true))).toThrow(
    /t1 → t2 \(a_fkey\), t2 → t1 \(b_fkey\).*--rows t1=0.*trial\.json/s,
  );
});

test('a table that refers to itself begins with rows that refer to none', () => {
  const self = (notNull: boolean): Table[] => [
    table(1, { columns: [column('a', { notNull })], foreignKeys: [key(['a'], 1)] }),
  ];
  expect([...(inOrder(self(false))[0]?.empty ?? [])]).toEqual(['a_fkey']);
  expect(() => inOrder(self(true))).toThrow(/t1 cannot be filled/);
});

test('a key to a table without rows is empty, or a fault that names both', () => {
  const refers = (notNull: boolean): Table =>
    table(1, { columns: [column('a', { notNull })], foreignKeys: [key(['a'], 2)] });
  const keyIn = (of: Table) => keyOf({ table: of, empty: new Set() }, of.columns[0]!, new Map());
  expect(keyIn(refers(false))).toBeNull();
  expect(() => keyIn(refers(true))).toThrow(
    /t1 cannot be filled .* a refers to t2, which has no rows/,
  );
});

test('pairs of keys are different in every row, as long as there are more', () => {
  const two = table(1, {
    columns: [column('a'), column('b')],
    foreignKeys: [key(['a'], 2), key(['b'], 3)],
  });
  const chosen = new Map(two.foreignKeys.map((foreign) => [foreign.columns[0] ?? '', foreign]));
  const sizes = new Map([
    [2, 4],
    [3, 3],
  ]);
  const sql = insertInto(two, chosen, sizes, [0, 12]);
  const digits = [...sql.matchAll(/LEFT JOIN k\d ON k\d\.i = (.*)/g)].map(
    ([, digit = '']) => digit,
  );
  const pairs = Array.from({ length: 12 }, (_, n) =>
    digits.map((digit) => evaluate(digit, n)).join(),
  );
  expect(new Set(pairs).size).toBe(12);
});

test('a table that cannot be filled is told with the columns that its statement has to give', () => {
  const columns = [column('id', { made: true }), column('a'), column('b', { notNull: false })];
  const { message } = unfillable(table(1, { columns: [...columns, column('c')] }), 'why');
  expect(message).toContain('INSERT INTO t1 (a, c) SELECT');
});

/** Whole-number arithmetic, as in SQL: `%` and `/` bind alike, from the left. */
function evaluate(expression: string, n: number): number {
  const tokens = expression.match(/\d+|[n()+%/]/g) ?? [];
  const atom = (): number => {
    const token = tokens.shift();
    if (token !== '(') return token === 'n' ? n : Number(token);
    const inner = sum();
    tokens.shift();
    return inner;
  };
  const product = (): number => {
    let left = atom();
    while (tokens[0] === '%' || tokens[0] === '/')
      left = tokens.shift() === '%' ? left % atom() : Math.floor(left / atom());
    return left;
  };
  const sum = (): number => {
    let left = product();
    while (tokens[0] === '+') {
      tokens.shift();
      left += product();
    }
    return left;
  };
  return sum();
}
