import { expect, test } from 'vitest';
import { patternText } from './regexText.ts';

/** The text for a row: zeros in place of the row's number. */
function text(pattern: string): string | undefined {
  const found = patternText(pattern);
  return found && found.before + (found.digits[0] ?? '').repeat(found.places) + found.after;
}

test.each([
  '^[a-z0-9][a-z0-9._-]{0,63}$',
  '^usr_[0-9a-f]{24}$',
  '^[A-Z]{2}-\\d{4,6}$',
  '^\\+?[1-9]\\d{1,14}$',
  '^#[[:xdigit:]]{6}$',
  '^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$',
  '^(?:https?)://[a-z.]+(?:/\\w+)*$',
  '^(GET|POST) /',
])('finds text for %s, with room for a number', (pattern) => {
  expect(text(pattern)).toMatch(new RegExp(pattern.replace('[[:xdigit:]]', '[0-9a-fA-F]')));
});

test.each(['(?=a)b', '[a-z', '(a', '\\bword'])('leaves %s to others', (pattern) => {
  expect(patternText(pattern)).toBeUndefined();
});
