import { expect, test } from 'vitest';
import { parseArguments } from './arguments.ts';
import { helpText, verbs, type Verb } from './help.ts';

test('reads what a verb takes', () => {
  expect(
    parseArguments([
      'up',
      '--to',
      '0002_b',
      '--wait',
      '5',
      '--force',
      'a',
      '--force',
      'b',
      '--json',
    ]),
  ).toMatchObject({
    verb: 'up',
    extent: { to: '0002_b' },
    lockWaitMs: 5_000,
    forced: ['a', 'b'],
    json: true,
  });
  expect(parseArguments(['down', '--step', '3', '--no-wait'])).toMatchObject({
    extent: { step: 3 },
    lockWaitMs: 0,
  });
  expect(parseArguments(['repair', '0001_a', '--reason', 'why'])).toMatchObject({
    name: '0001_a',
    reason: 'why',
  });
  expect(
    parseArguments([
      'trial',
      '--rows',
      '5',
      '--budget',
      '1s',
      '--max-wait',
      '2s',
      '--from',
      '0001_a',
    ]),
  ).toMatchObject({ trial: { rows: '5', budget: '1s', maxWait: '2s' }, from: '0001_a' });
});

test.each([
  [[]],
  [['sideways']],
  [['constructor']],
  [['up', '--nosuch']],
  [['up', 'name']],
  [['up', '--step', '0']],
  [['up', '--step', '1.5']],
  [['up', '--to', 'a', '--step', '1']],
  [['up', '--no-wait', '--wait', '1']],
  [['down', '--wait', 'x']],
  [['down', '--all', '--step', '1']],
  [['status', '--force', 'x']],
  [['up', '--rows', '5']],
  [['trial', '--to', '0001_a']],
  [['create']],
  [['create', 'a', 'b']],
  [['baseline']],
  [['repair', '0001_a']],
  [['repair', '--reason', 'why']],
])('refuses %j, and shows the help', (args) => {
  expect(() => parseArguments(args)).toThrow(
    expect.objectContaining({
      reason: 'usage',
      message: expect.stringContaining('Exit codes: 0 ok') as string,
    }),
  );
});

test('help needs no other argument', () => {
  for (const args of [['--help'], ['help']])
    expect(parseArguments(args)).toMatchObject({ verb: undefined, help: true });
  expect(parseArguments(['create', '-h'])).toMatchObject({ verb: 'create', help: true });
});

test.each(Object.keys(verbs) as Verb[])(
  'the help of %s names its options and exit codes',
  (verb) => {
    const help = helpText(verb);
    for (const option of verbs[verb].options) expect(help).toContain(`--${option}`);
    expect(help).toMatch(/Exit codes: 0 ok, .*2 usage/);
  },
);

test('`rehearse` goes on working, and is told to be called `trial`', () => {
  expect(parseArguments(['rehearse', '--rows', '5'])).toMatchObject({
    verb: 'trial',
    formerVerb: 'rehearse',
    trial: { rows: '5' },
  });
  expect(parseArguments(['trial']).formerVerb).toBeUndefined();
});
