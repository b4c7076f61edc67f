import type { Column } from './catalog.ts';

export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/**
 * The ways to make values for a column from `n`, a whole number that counts from 0: SQL, the
 * likeliest first. Postgres says which of them the checks of the column let through.
 *
 * @param checks the conditions on this column alone: their words and numbers are tried too
 * @param place makes the times of a later column later
 */
export function valuesFor(column: Column, checks: string[], place: number): string[] {
  const words = checks.flatMap((check) =>
    [...check.matchAll(/(?<!~\*? *)'((?:[^']|'')*)'::/g)].map(([, word = '']) => `'${word}'`),
  );
  const numbers = checks.flatMap((check) =>
    [...check.matchAll(/(?<![\w.])\d+(?:\.\d+)?/g)].map(([number]) => Number(number)),
  );
  return ofType(column, [...new Set(words)], numbers, place).map(
    (sql) => `(${sql})::${column.castTo}`,
  );
}

const oneOf = (values: string[]): string[] =>
  values.length === 0 ? [] : [`(ARRAY[${values.join(', ')}])[1 + n % ${values.length}]`];
const hex = (places: number): string =>
  `lpad(to_hex(n % ${16 ** Math.min(places, 12)}), ${places}, '0')`;

function ofType(column: Column, words: string[], numbers: number[], place: number): string[] {
  const { type, castTo, category, labels } = column;
  if (category === 'A') return [...(labels ? [`ARRAY[${literal(labels[0] ?? '')}]`] : []), `'{}'`];
  if (labels) return oneOf(labels.map((label) => `${literal(label)}::${castTo}`));
  switch (category) {
    case 'B':
      return ['n % 2 = 0', 'true', 'false'];
    case 'N':
      return ofNumber(type, numbers);
    case 'S':
      return ofText(type, words);
    default:
      return Object.entries(others).find(([name]) => type.startsWith(name))?.[1](place) ?? [];
  }
}

function ofNumber(type: string, bounds: number[]): string[] {
  const [, precision = '0', scale = '0'] = /^numeric\((\d+),(-?\d+)\)/.exec(type) ?? [];
  const digits = precision === '0' ? 9 : Math.min(9, Number(precision) - Number(scale));
  const most = type === 'smallint' ? 32_000 : type === 'bigint' ? 1e15 : 10 ** Math.max(0, digits);
  const low = Math.ceil(Math.min(...bounds));
  const high = Math.floor(Math.max(...bounds));
  return [
    ...(most > 1 ? [`1 + n % ${most - 1}`] : []),
    ...(high > low ? [`${low} + n % ${high - low + 1}`] : []),
    ...(bounds.length > 0 ? [`${low} + 1 + n`] : []),
    '0',
    '1',
  ];
}

function ofText(type: string, words: string[]): string[] {
  const limit = Number(/^character(?: varying)?\((\d+)\)/.exec(type)?.[1] ?? Infinity);
  if (limit <= 9) return [...oneOf(words), hex(limit)];
  const text = `'r' || ${hex(8)}`;
  return [
    // As long as prose: the time of a rewrite depends on the size of the rows.
    ...(limit > 100
      ? [`${text} || '${' the quick brown fox jumps over the lazy dog'.repeat(2)}'`]
      : []),
    text,
    ...oneOf(words),
    `${text} || '@example.com'`,
    `'https://example.com/' || ${hex(8)}`,
  ];
}

/** By the beginning of the type's name. */
const others: Record<string, (place: number) => string[]> = {
  // The form of version 7: it grows with the number, as the real ones grow with time.
  uuid: () => [`('01890000-0000-7000-8000-' || ${hex(12)})::uuid`],
  bytea: () => [`sha256((n::text)::bytea)`],
  json: () => [`json_build_object('n', n)`, `'{}'`, `'[]'`],
  date: (place) => [`date '2020-01-01' + ${place} + (n % 2000)::int`],
  timestamp: (place) => [
    `timestamptz '2025-01-01 00:00Z' + ${place} * interval '1 hour' + n * interval '1 second'`,
  ],
  interval: () => [`(1 + n) * interval '1 second'`],
  'time ': () => [`time '00:00' + (n % 86400) * interval '1 second'`],
  inet: () => [`inet '10.0.0.0' + n % 16777216`],
};
