import { expect, test } from 'vitest';
import { builtinModels } from './builtinModels.ts';

async function ask(model: string, content: string): Promise<string> {
  let answer = '';
  const pieces = builtinModels[model]!.reply(
    [{ role: 'user', content }],
    new AbortController().signal,
  );
  for await (const piece of pieces) answer += piece;
  return answer;
}

test('the guide answers what it knows, and says so when it does not', async () => {
  expect(await ask('slipway-guide', 'What if a migration fails?')).toContain('rolled back whole');
  expect(await ask('slipway-guide', 'Is it raining?')).toContain('no answer to "Is it raining?"');
});

test('a long question is shortened between characters, never inside one', async () => {
  const answer = await ask('slipway-guide', '😀'.repeat(200));
  expect(answer.isWellFormed()).toBe(true);
  expect(answer.length).toBeLessThan(300);
});

test('the echo says back what it was told', async () => {
  expect(await ask('slipway-echo', 'one two')).toBe('You said: one two');
});
