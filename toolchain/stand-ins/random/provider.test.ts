import { describe, expect, it } from 'vitest';
import { changedInputs, random, unwrap } from './provider.ts';

const urnOf = (type: string): string =>
  `urn:pulumi:dev::slipway::my:index:Parent$random:index/${type}::name`;
const passwordUrn = urnOf('randomPassword:RandomPassword');

describe('the random provider', () => {
  it('gives secrets only as secrets', async () => {
    for (const [type, secrets] of [
      ['randomPassword:RandomPassword', ['result']],
      ['randomBytes:RandomBytes', ['base64', 'hex']],
    ] as const) {
      const { outs, id } = await random.create(urnOf(type), { length: 32 });
      for (const name of secrets) {
        expect(outs[name as keyof typeof outs]).toMatchObject({
          '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270',
        });
      }
      expect(id).toBe('none');
    }
  });

  it('makes the same bytes in every form of a RandomId', async () => {
    const { id, outs } = await random.create(urnOf('randomId:RandomId'), {
      byteLength: 8,
      prefix: 'x-',
    });
    const made = outs as Record<string, string>;
    expect(made['b64Url']).toBe(`x-${id}`);
    expect(made['hex']).toBe(`x-${Buffer.from(id, 'base64url').toString('hex')}`);
    expect(made['dec']).toBe(`x-${BigInt(`0x${Buffer.from(id, 'base64url').toString('hex')}`)}`);
  });

  it('replaces on a changed input and leaves an unchanged one alone', () => {
    expect(
      changedInputs(
        { length: 8, keepers: { a: '1', b: '2' }, result: 'x' },
        { length: 8, keepers: { b: '2', a: '1' } },
      ),
    ).toEqual([]);
    expect(changedInputs({ length: 8 }, { length: 9 })).toEqual(['length']);
    expect(changedInputs({ length: 8, keepers: { a: '1' } }, { length: 8 })).toEqual(['keepers']);
  });

  it('refuses bad inputs, except while they are unknown', async () => {
    expect((await random.check(passwordUrn, {}, { length: 0 })).failures).toHaveLength(1);
    expect(
      (await random.check(passwordUrn, {}, { length: '04da6b54-80e4-46f7-96ec-b56ff0331ba9' }))
        .failures,
    ).toEqual([]);
  });

  it('names what it does not have', () => {
    expect(() => random.check(urnOf('randomPet:RandomPet'), {}, {})).toThrow(/RandomPet.*official/);
  });

  it('unwraps secrets at any depth', () => {
    const wrapped = {
      '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270',
      value: 7,
    };
    expect(unwrap({ a: [wrapped], b: wrapped })).toEqual({ a: [7], b: 7 });
  });
});
