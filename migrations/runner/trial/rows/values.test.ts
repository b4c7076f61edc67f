import { expect, test } from 'vitest';
import type { Column } from './catalog.ts';
import { valuesFor } from './values.ts';

const column = (type: string, category: string, about: Partial<Column> = {}): Column => ({
  ...{ name: 'a', type, castTo: type, category, labels: null },
  ...{ notNull: true, default: null, made: false, unique: null, ...about },
});

test('the words and the numbers of a check are tried', () => {
  expect(
    valuesFor(column('text', 'S'), [`(a = ANY (ARRAY['x'::text, 'it''s'::text]))`], 0),
  ).toContain(`((ARRAY['x', 'it''s'])[1 + n % 2])::text`);
  expect(valuesFor(column('integer', 'N'), ['((a >= 18) AND (a <= 99))'], 0)).toContain(
    '(18 + n % 82)::integer',
  );
});

test('a pattern is not read as a word', () => {
  expect(valuesFor(column('text', 'S'), [`(a ~ '^[A-Z]+$'::text)`], 0).join()).not.toContain('A-Z');
});

test('an enum gets its labels, an array of one a label', () => {
  const labels = ['fine', "it's bad"];
  expect(valuesFor(column('mood', 'E', { labels }), [], 0)).toEqual([
    `((ARRAY['fine'::mood, 'it''s bad'::mood])[1 + n % 2])::mood`,
  ]);
  expect(valuesFor(column('mood[]', 'A', { labels }), [], 0)[0]).toBe(`(ARRAY['fine'])::mood[]`);
});

test('the times of a later column are later', () => {
  expect(valuesFor(column('timestamp with time zone', 'D'), [], 3)[0]).toContain(
    "3 * interval '1 hour'",
  );
});

test('a type that is not known has no values', () => {
  expect(valuesFor(column('tsvector', 'U'), [], 0)).toEqual([]);
});
