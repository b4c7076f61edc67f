import { expect, test } from 'vitest';
import { nameFault } from './stackName.ts';

test.each(['dev', 'pr-42', 'a', '7', 'team.dev', 'my_stack', 'a--b', 'x'.repeat(32)])(
  '%s can be carried everywhere',
  (name) => expect(nameFault(name)).toBeUndefined(),
);

test.each([
  ['Demo', /lower-case/],
  ['dev-', /lower-case/],
  ['-dev', /lower-case/],
  ['a..b', /lower-case/],
  ['a_-b', /lower-case/],
  ['büro', /lower-case/],
  ['a b', /lower-case/],
  ['', /lower-case/],
  ['x'.repeat(33), /32 characters at most, has 33/],
])('"%s" is refused', (name, why) => expect(nameFault(name)).toMatch(why));

test('a dot is refused on AWS alone', () => {
  expect(nameFault('team.prod', 'aws')).toMatch(/dot/);
  expect(nameFault('team.dev', 'docker')).toBeUndefined();
});
