import { expect, test } from 'vitest';
import { diffLines, dumpSchema } from './schemaDump.ts';

test('texts that are alike have no difference', () => {
  expect(diffLines('a\nb\n', 'a\nb\n')).toEqual([]);
});

test('shows what differs with two lines around it, and leaves out what lies between', () => {
  const before = 'one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\neleven';
  const after = before.replace('three', 'drei').replace('ten\n', '');
  expect(diffLines(before, after)).toEqual([
    ...[
      ' one',
      ' two',
      '-three',
      '+drei',
      ' four',
      ' five',
      ' …',
      ' eight',
      ' nine',
      '-ten',
      ' eleven',
    ],
  ]);
});

test("pg_dump's random keys are no difference", async () => {
  let turn = 0;
  const dump = () =>
    dumpSchema(() =>
      Promise.resolve(`\\restrict k${turn++}\nCREATE TABLE a ();\n\\unrestrict k${turn}\n`),
    );
  expect(await dump()).toBe(await dump());
});
