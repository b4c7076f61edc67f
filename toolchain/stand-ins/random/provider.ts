/**
 * pulumi-resource-random, for places where the official plugin cannot be downloaded:
 * RandomPassword, RandomBytes and RandomId. Not here: RandomPassword's bcryptHash, and the other
 * types of the package.
 */
import { randomBytes } from 'node:crypto';
import provider from '@pulumi/pulumi/provider/index.js';
import { exitWithParent } from '../../../infra/exitWithParent.ts';
import { password, passwordFaults, type PasswordArgs } from './password.ts';

type Properties = Record<string, unknown>;

const secretSignature = '4dabf18193072939515e22adb298388d';
const secretMark = '1b47061264138c4ac30d75fd1eb44270';
const unknownValue = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

/** One resource type: what it makes of its inputs, and what is wrong with them. */
interface Kind {
  create(inputs: Properties): { id: string; outputs: Properties };
  faults(inputs: Properties): { property: string; reason: string }[];
}

const secret = (value: string): Properties => ({ [secretSignature]: secretMark, value });

const kinds: Record<string, Kind> = {
  'random:index/randomPassword:RandomPassword': {
    create: (inputs) => ({
      id: 'none',
      outputs: { result: secret(password(inputs as unknown as PasswordArgs)) },
    }),
    faults: (inputs) => passwordFaults(inputs as unknown as PasswordArgs),
  },
  'random:index/randomBytes:RandomBytes': {
    create: (inputs) => {
      const bytes = randomBytes(inputs['length'] as number);
      // The id is shown in plain text everywhere, so nothing of the secret goes into it.
      return {
        id: 'none',
        outputs: { base64: secret(bytes.toString('base64')), hex: secret(bytes.toString('hex')) },
      };
    },
    faults: (inputs) => wholeNumber(inputs, 'length'),
  },
  'random:index/randomId:RandomId': {
    create: (inputs) => {
      const bytes = randomBytes(inputs['byteLength'] as number);
      const prefix = (inputs['prefix'] as string | undefined) ?? '';
      const outputs = {
        b64Std: prefix + bytes.toString('base64'),
        b64Url: prefix + bytes.toString('base64url'),
        dec: prefix + BigInt(`0x${bytes.toString('hex')}`).toString(),
        hex: prefix + bytes.toString('hex'),
      };
      return { id: bytes.toString('base64url'), outputs };
    },
    faults: (inputs) => wholeNumber(inputs, 'byteLength'),
  },
};

function wholeNumber(inputs: Properties, property: string): { property: string; reason: string }[] {
  const value = inputs[property];
  return Number.isInteger(value) && (value as number) >= 1
    ? []
    : [{ property, reason: 'must be a whole number of 1 or more' }];
}

function kindOf(urn: string): Kind {
  const type = urn.split('::')[2]?.split('$').at(-1) ?? '';
  const kind = kinds[type];
  if (!kind) {
    throw new Error(
      `${type} is not among what this build of the random plugin has (${Object.keys(kinds).join(', ')}); the official plugin has it.`,
    );
  }
  return kind;
}

/** A value without the wrapping of secrets. */
export function unwrap(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrap);
  if (value === null || typeof value !== 'object') return value;
  const properties = value as Properties;
  if (properties[secretSignature] === secretMark) return unwrap(properties['value']);
  return Object.fromEntries(Object.entries(properties).map(([key, inner]) => [key, unwrap(inner)]));
}

const bookkeeping = ['__defaults', '__internal'];
const inputNames = [
  'keepers',
  'length',
  'byteLength',
  'prefix',
  'lower',
  'upper',
  'numeric',
  'number',
  'special',
  'overrideSpecial',
].concat(['minLower', 'minUpper', 'minNumeric', 'minSpecial']);

/** The inputs whose change asks for a new value: any of them. */
export function changedInputs(olds: Properties, news: Properties): string[] {
  const [before, after] = [unwrap(olds) as Properties, unwrap(news) as Properties];
  return inputNames.filter((name) => canonical(before[name]) !== canonical(after[name]));
}

function canonical(value: unknown): string {
  if (value !== null && typeof value === 'object')
    return JSON.stringify(Object.entries(value).sort(([a], [b]) => a.localeCompare(b)));
  return JSON.stringify(value) ?? '';
}

export const random = {
  version: process.env['SLIPWAY_RANDOM_VERSION'] ?? '4.21.2',
  check(urn: string, _olds: Properties, news: Properties) {
    const kind = kindOf(urn);
    const inputs = Object.fromEntries(
      Object.entries(news).filter(([name]) => !bookkeeping.includes(name)),
    );
    const plain = unwrap(inputs) as Properties;
    const isKnown = !JSON.stringify(plain).includes(unknownValue);
    return Promise.resolve({ inputs, failures: isKnown ? kind.faults(plain) : [] });
  },
  diff(_id: string, _urn: string, olds: Properties, news: Properties) {
    const replaces = changedInputs(olds, news);
    return Promise.resolve({ changes: replaces.length > 0, replaces, deleteBeforeReplace: false });
  },
  create(urn: string, inputs: Properties) {
    const { id, outputs } = kindOf(urn).create(unwrap(inputs) as Properties);
    return Promise.resolve({ id, outs: { ...inputs, ...outputs } });
  },
  read(id: string, _urn: string, props: Properties) {
    return Promise.resolve({ id, props });
  },
  update(_id: string, _urn: string, olds: Properties, news: Properties) {
    return Promise.resolve({ outs: { ...olds, ...news } });
  },
  delete: () => Promise.resolve(),
};

export function serve(): Promise<void> {
  exitWithParent();
  return provider.main(random, process.argv.slice(2));
}
