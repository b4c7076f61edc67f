/** A piece of a pattern: these characters, so often. */
interface Atom {
  chars: string;
  min: number;
  max: number;
}

const printable = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.';
const classes: Record<string, string> = {
  d: '0123456789',
  w: 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_',
  s: ' ',
};
const named: Record<string, string> = {
  alpha: 'abcdefghijklmnopqrstuvwxyz',
  lower: 'abcdefghijklmnopqrstuvwxyz',
  upper: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  digit: '0123456789',
  xdigit: '0123456789abcdef',
  alnum: 'abcdefghijklmnopqrstuvwxyz0123456789',
};

/**
 * Text that matches a pattern: something fixed in front, digits of a number in the middle,
 * something fixed behind.
 */
export interface PatternText {
  before: string;
  after: string;
  /** The digits in which the number is written, and in how many places. */
  digits: string;
  places: number;
}

/**
 * Finds text that matches a regular expression and differs from row to row. It reads what checks on
 * ids and codes are made of: literals, classes, groups and repetitions. Of alternatives it takes
 * the first.
 *
 * @returns `undefined` for a pattern that it does not read; Postgres has the last word on what it
 *   returns
 */
export function patternText(pattern: string): PatternText | undefined {
  const atoms = new Reader(pattern.replace(/^\^/, '').replace(/(?<!\\)\$$/, '')).read();
  if (!atoms || atoms.length === 0) return undefined;
  const room = ({ chars, max }: Atom): number => Math.min(max, 12) * Math.log(new Set(chars).size);
  const best = atoms.reduce((a, b) => (room(b) > room(a) ? b : a));
  const fixed = (some: Atom[]): string =>
    some.map(({ chars, min }) => (chars[0] ?? '').repeat(min)).join('');
  const at = atoms.indexOf(best);
  return {
    before: fixed(atoms.slice(0, at)),
    after: fixed(atoms.slice(at + 1)),
    digits: [...new Set(best.chars)].join(''),
    places: Math.max(best.min, Math.min(best.max, 12)),
  };
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Atom[] | undefined {
    const atoms = this.#sequence();
    return this.#at === this.#text.length ? atoms : undefined;
  }

  #sequence(): Atom[] | undefined {
    const atoms: Atom[] = [];
    for (
      let char = this.#text[this.#at];
      char !== undefined && char !== ')';
      char = this.#text[this.#at]
    ) {
      if (char === '|') {
        // The rest of the alternatives is read to find where they end.
        this.#at++;
        if (!this.#sequence()) return undefined;
        break;
      }
      const part = this.#part(char);
      if (!part) return undefined;
      const [min, max] = this.#times();
      const [only] = part;
      if (part.length === 1 && only)
        atoms.push({ chars: only.chars, min: only.min * min, max: only.max * max });
      else for (let i = 0; i < min; i++) atoms.push(...part);
    }
    return atoms;
  }

  #part(char: string): Atom[] | undefined {
    this.#at++;
    const one = (chars: string | undefined): Atom[] | undefined =>
      chars ? [{ chars, min: 1, max: 1 }] : undefined;
    if (char === '(') {
      if (this.#text[this.#at] === '?') {
        if (this.#text[this.#at + 1] !== ':') return undefined;
        this.#at += 2;
      }
      const inner = this.#sequence();
      if (this.#text[this.#at++] !== ')') return undefined;
      return inner;
    }
    if (char === '[') return one(this.#set());
    if (char === '\\') {
      const escaped = this.#text[this.#at++] ?? '';
      return one(/[a-z]/i.test(escaped) ? classes[escaped] : escaped);
    }
    if ('^$*+?{'.includes(char)) return undefined;
    return one(char === '.' ? printable : char);
  }

  #set(): string | undefined {
    const end = /^\^?\]?(?:\[:[a-z]+:\]|\\.|[^\]\\])*/.exec(this.#text.slice(this.#at))?.[0] ?? '';
    this.#at += end.length;
    if (this.#text[this.#at++] !== ']') return undefined;
    const inner = end.replace(/^\^/, '');
    let chars = '';
    for (const [whole, name, escaped, from, to] of inner.matchAll(
      /\[:([a-z]+):\]|\\(.)|([^\\])-([^\]])|[\s\S]/g,
    )) {
      if (name) chars += named[name] ?? '';
      else if (escaped) chars += classes[escaped] ?? escaped;
      else if (from && to) {
        for (let code = from.charCodeAt(0); code <= to.charCodeAt(0); code++)
          chars += String.fromCharCode(code);
      } else chars += whole;
    }
    return end.startsWith('^')
      ? [...printable].filter((char) => !chars.includes(char)).join('')
      : chars;
  }

  #times(): [min: number, max: number] {
    const found = /^(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/.exec(this.#text.slice(this.#at));
    if (!found) return [1, 1];
    const [whole, sign, least = '1', comma, most] = found;
    this.#at += whole.length;
    if (sign) return [sign === '+' ? 1 : 0, sign === '?' ? 1 : 255];
    return [Number(least), comma ? Number(most || 255) : Number(least)];
  }
}
