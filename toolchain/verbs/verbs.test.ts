import { describe, expect, it } from 'vitest';
import { extraArgs } from '../lib/context.ts';
import { explain } from '../pulumi/explain.ts';
import { table } from './containers.ts';
import { exportLines } from './env.ts';

describe('extraArgs', () => {
  it('splits at blanks and holds quoted words together', () => {
    expect(extraArgs(`-tc 'select 1' --x "a b"  c`)).toEqual([
      '-tc',
      'select 1',
      '--x',
      'a b',
      'c',
    ]);
    expect(extraArgs('')).toEqual([]);
  });

  it.each([
    [
      `repair 0002_models --reason='a comment only'`,
      ['repair', '0002_models', '--reason=a comment only'],
    ],
    [`--reason="a \\"comment\\" only"`, ['--reason=a "comment" only']],
    [`'it'"'"'s' --name=""`, ["it's", '--name=']],
    [`a\\ b`, ['a b']],
    [`-c "select '$1'; $(id)"`, ['-c', `select '$1'; $(id)`]],
    [`--project=!aws-plugin # *`, ['--project=!aws-plugin', '#', '*']],
  ])('splits %s as a shell does, and expands nothing', (text, words) => {
    expect(extraArgs(text)).toEqual(words);
  });

  it('refuses a quote that nobody closes', () => {
    expect(() => extraArgs(`repair --reason='a comment`)).toThrow(
      /ARGS cannot be split into words: Got EOF while in a quoted string/,
    );
  });
});

describe('exportLines', () => {
  it('survives quotes and spaces in a value', () => {
    expect(exportLines({ A: "it's here" })).toBe("export A='it'\\''s here'\n");
  });
});

describe('table', () => {
  it('aligns its columns and leaves no blanks at the end', () => {
    expect(
      table([
        ['A', 'B'],
        ['long', 'x'],
        ['s', ''],
      ]),
    ).toBe('A     B\nlong  x\ns');
  });
});

describe('explain', () => {
  it('names the next command for what people do not know the way out of', () => {
    expect(explain('error: incorrect passphrase')?.next).toMatch(/make destroy/);
    expect(explain('error: the stack is currently locked by 1 lock(s)')?.next).toMatch(
      /make unlock/,
    );
    expect(explain('write /x: no space left on device')?.next).toMatch(/docker system df/);
    expect(explain('error: something else')).toBeUndefined();
  });
});
