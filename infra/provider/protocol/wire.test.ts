import { describe, expect, it } from 'vitest';
import { hasUnknown, unwrap } from './wire.ts';

const secret = (value: unknown) => ({
  '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270',
  value,
});
const unknown = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

describe('property bags', () => {
  it('unwraps secrets, also inside lists and other secrets', () => {
    expect(unwrap({ envs: secret(['A=1', secret('B=2')]), plain: 3 })).toEqual({
      envs: ['A=1', 'B=2'],
      plain: 3,
    });
  });

  it('turns what is not known yet into undefined', () => {
    expect(unwrap({ image: unknown, files: [] })).toEqual({ image: undefined, files: [] });
  });

  it('finds an unknown wherever it is', () => {
    expect(hasUnknown({ a: [{ b: secret(unknown) }] })).toBe(true);
    expect(hasUnknown({ a: [{ b: secret('x') }] })).toBe(false);
  });
});
