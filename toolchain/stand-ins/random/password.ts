import { randomInt } from 'node:crypto';

/** The arguments of RandomPassword, as the npm package @pulumi/random documents them. */
export interface PasswordArgs {
  /** Characters, 1 or more, and no fewer than the four minima together. */
  length: number;
  /** Whether a-z may be in it. Default true; likewise the next three. */
  lower?: boolean;
  upper?: boolean;
  numeric?: boolean;
  /** The older name of `numeric`. */
  number?: boolean;
  special?: boolean;
  /** Takes the place of the default special characters. */
  overrideSpecial?: string;
  /** Least number of characters of the class. Default 0; likewise the next three. */
  minLower?: number;
  minUpper?: number;
  minNumeric?: number;
  minSpecial?: number;
}

const defaultSpecial = '!@#$%&*()-_=+[]{}<>:?';

interface CharacterClass {
  name: string;
  characters: string;
  enabled: boolean;
  minimum: number;
}

function classesOf(args: PasswordArgs): CharacterClass[] {
  return [
    {
      name: 'Lower',
      characters: 'abcdefghijklmnopqrstuvwxyz',
      enabled: args.lower ?? true,
      minimum: args.minLower ?? 0,
    },
    {
      name: 'Upper',
      characters: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      enabled: args.upper ?? true,
      minimum: args.minUpper ?? 0,
    },
    {
      name: 'Numeric',
      characters: '0123456789',
      enabled: args.numeric ?? args.number ?? true,
      minimum: args.minNumeric ?? 0,
    },
    {
      name: 'Special',
      characters:
        args.overrideSpecial === undefined || args.overrideSpecial === ''
          ? defaultSpecial
          : args.overrideSpecial,
      enabled: args.special ?? true,
      minimum: args.minSpecial ?? 0,
    },
  ];
}

/** The faults of the arguments, each with the property to mend. */
export function passwordFaults(args: PasswordArgs): { property: string; reason: string }[] {
  const classes = classesOf(args);
  const least = classes.reduce((sum, { minimum }) => sum + minimum, 0);
  const faults = classes.flatMap(({ name, minimum }) =>
    Number.isInteger(minimum) && minimum >= 0
      ? []
      : [{ property: `min${name}`, reason: 'must be a whole number of 0 or more' }],
  );
  if (!Number.isInteger(args.length) || args.length < 1)
    faults.push({ property: 'length', reason: 'must be a whole number of 1 or more' });
  else if (args.length < least)
    faults.push({ property: 'length', reason: `must be at least ${least}, the sum of the minima` });
  if (!classes.some(({ enabled, minimum }) => enabled || minimum > 0)) {
    faults.push({
      property: 'special',
      reason: 'at least one of lower, upper, numeric and special must be true',
    });
  }
  return faults;
}

/**
 * A password from a cryptographic source, without modulo bias: each allowed character is equally
 * likely.
 */
export function password(args: PasswordArgs): string {
  const classes = classesOf(args);
  const required = classes.flatMap(({ characters, minimum }) => pick(characters, minimum));
  const allowed = classes.map(({ characters, enabled }) => (enabled ? characters : '')).join('');
  return shuffle([...required, ...pick(allowed, args.length - required.length)]).join('');
}

function pick(characters: string, count: number): string[] {
  const all = [...characters];
  return Array.from(
    { length: all.length === 0 ? 0 : count },
    () => all[randomInt(all.length)] as string,
  );
}

/** Fisher and Yates' shuffle, so that the required characters do not stand in front. */
function shuffle(characters: string[]): string[] {
  for (let last = characters.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [characters[last], characters[other]] = [
      characters[other] as string,
      characters[last] as string,
    ];
  }
  return characters;
}
