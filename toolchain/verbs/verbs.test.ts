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
