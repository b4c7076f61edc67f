import { expect, test } from 'vitest';
import type { Column, ForeignKey, Table } from './catalog.ts';
import { combinations, groupsOf, inOrder, insertInto, type Choice } from './fillPlan.ts';

const column = (name: string, about: Partial<Column> = {}): Column => ({
  name,
  type: 'integer',
  castTo: 'integer',
  category: 'N',
  elementType: null,
  elementCategory: null,
  labels: null,
  notNull: true,
  default: null,
  made: false,
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
  uniques: [],
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
    /t1 → t2 \(a_fkey\), t2 → t1 \(b_fkey\).*--rows t1=0.*rehearsal\.json/s,
  );
});

test('a table that refers to itself begins with rows that refer to none', () => {
  const self = (notNull: boolean): Table[] => [
    table(1, { columns: [column('a', { notNull })], foreignKeys: [key(['a'], 1)] }),
  ];
  expect([...(inOrder(self(false))[0]?.empty ?? [])]).toEqual(['a_fkey']);
  expect(() => inOrder(self(true))).toThrow(/t1 cannot be filled/);
});

test('columns that one check names are chosen together, the likeliest first', () => {
  const flag = { type: 'boolean', castTo: 'boolean', category: 'B' };
  const [first, second] = groupsOf(
    table(1, {
      columns: [column('a', flag), column('b', flag), column('c')],
      checks: [{ name: 'one', expression: '(a <> b)', columns: ['a', 'b'] }],
    }),
    new Set(),
    new Map(),
  );
  expect(first?.columns.map(({ column: { name } }) => name)).toEqual(['a', 'b']);
  expect(second?.columns.map(({ column: { name } }) => name)).toEqual(['c']);
  const tried = first ? [...combinations(first)] : [];
  expect(tried).toHaveLength(9);
  expect(tried[0]).toEqual(first?.columns.map(({ choices }) => choices[0]));
});

test('a key to a table without rows is empty, or a fault that names both', () => {
  const refers = (notNull: boolean): Table =>
    table(1, { columns: [column('a', { notNull })], foreignKeys: [key(['a'], 2)] });
  expect(groupsOf(refers(false), new Set(), new Map())[0]?.columns[0]?.choices).toEqual([
    { kind: 'null' },
  ]);
  expect(() => groupsOf(refers(true), new Set(), new Map())).toThrow(
    /t1 cannot be filled .* a refers to t2, which has no rows/,
  );
});

test('pairs of keys are different in every row, and end where there are no more', () => {
  const two = table(1, {
    columns: [column('a'), column('b')],
    foreignKeys: [key(['a'], 2), key(['b'], 3)],
    uniques: [{ name: 'pair', columns: ['a', 'b'] }],
  });
  const choices = new Map<string, Choice>(
    two.foreignKeys.map((foreign, i) => [
      foreign.columns[0] ?? '',
      { kind: 'reference', key: foreign, values: { sql: (d) => d, size: i === 0 ? 4 : 3 } },
    ]),
  );
  const { sql, rows, limit } = insertInto(two, choices, 100, 0);
  expect({ rows, limit }).toEqual({ rows: 12, limit: 'pair' });
  const digits = [...sql.matchAll(/LEFT JOIN k\d ON k\d\.i = (.*)/g)].map(
    ([, digit = '']) => digit,
  );
  const pairs = Array.from({ length: rows }, (_, n) =>
    digits.map((digit) => evaluate(digit, n)).join(),
  );
  expect(new Set(pairs).size).toBe(12);
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
