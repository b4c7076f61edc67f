import { expect, test } from 'vitest';
import { Cursors } from './cursor.ts';

const cursors = new Cursors('secret');

test('a cursor brings its key back', () => {
  expect(cursors.decode('list', cursors.encode('list', '42'))).toBe('42');
});

test.each([
  ['another list', cursors.encode('other list', '42')],
  ['another secret', new Cursors('other').encode('list', '42')],
  ['nothing', ''],
  ['a number', '42'],
  ['a changed key', `${cursors.encode('list', '42').slice(0, -1)}A`],
])('a cursor of %s is a 400', (_what, cursor) => {
  expect(() => cursors.decode('list', cursor)).toThrow(expect.objectContaining({ status: 400 }));
});
