import type { Column } from './catalog.ts';
import { patternText } from './regexText.ts';

/** A way to make a column's values from a whole number that counts from 0. */
export interface Values {
  /** @param digit SQL of the number */
  sql: (digit: string) => string;
  /** How many different values there are. */
  size: number;
}

const unlimited = Number.MAX_SAFE_INTEGER;
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/**
 * The ways to make values for a column, the likeliest first. Which of them its checks let through
 * is for Postgres to say.
 *
 * @param checks the conditions that name the column: what stands in them (words of an `IN`, bounds,
 *   patterns) is tried too
 * @param place makes the times of a later column later
 */
export function valuesFor(column: Column, checks: string[], place: number): Values[] {
  const hints = readHints(checks);
  const made = ofType(column, hints, place);
  return made.map(({ sql, size }) => ({
    sql: (digit) => `(${sql(digit)})::${column.castTo}`,
    size,
  }));
}

interface Hints {
  words: string[];
  numbers: number[];
  patterns: string[];
}

/**
 * What the text of conditions, as Postgres writes it, tells about the values that they let through.
 */
function readHints(checks: string[]): Hints {
  const hints: Hints = { words: [], numbers: [], patterns: [] };
  for (const check of checks) {
    for (const [, operator, text = ''] of check.matchAll(/(!?~~?\*?)?\s*'((?:[^']|'')*)'::/g)) {
      const word = text.replaceAll("''", "'");
      if (operator === '~' || operator === '~*') hints.patterns.push(word);
      else if (!operator) hints.words.push(word);
    }
    for (const [, number] of check
      .replaceAll(/'(?:[^']|'')*'/g, (quoted) =>
        /^'-?\d+'$/.test(quoted) ? quoted.slice(1, -1) : "''",
      )
      .matchAll(/(?<![\w.])(-?\d+(?:\.\d+)?)/g))
      hints.numbers.push(Number(number));
  }
  hints.words = [...new Set(hints.words)];
  hints.numbers = [...new Set(hints.numbers)].sort((a, b) => a - b);
  return hints;
}

const value = (sql: (digit: string) => string, size = unlimited): Values => ({ sql, size });
const constant = (sql: string): Values => value(() => sql, 1);

function oneOf(literals: string[]): Values {
  return value(
    (d) => `(ARRAY[${literals.join(', ')}])[1 + (${d}) % ${literals.length}]`,
    literals.length,
  );
}

function ofType(column: Column, hints: Hints, place: number): Values[] {
  const { type, category, labels } = column;
  if (labels && category !== 'A')
    return [oneOf(labels.map((label) => `${literal(label)}::${column.castTo}`))];
  if (category === 'A') {
    const element = { ...column, type: column.elementType ?? '', castTo: column.elementType ?? '' };
    const [first] = ofType({ ...element, category: column.elementCategory ?? '' }, hints, place);
    const some = first ? [value((d) => `ARRAY[${first.sql(d)}]`, first.size)] : [];
    const words = hints.words.map((word) => constant(`ARRAY[${literal(word)}]`));
    return [...some, ...words, constant(`'{}'`)];
  }
  switch (category) {
    case 'B':
      return [value((d) => `(${d}) % 2 = 0`, 2), constant('true'), constant('false')];
    case 'N':
      return numbers(type, hints);
    case 'S':
      return texts(type, hints);
    case 'D':
    case 'T':
      return times(type, place);
    default:
      return others(type, hints);
  }
}

function numbers(type: string, { numbers: bounds }: Hints): Values[] {
  const [, precision = '0', scale = '0'] = /^numeric\((\d+),(-?\d+)\)/.exec(type) ?? [];
  const most =
    type === 'smallint'
      ? 32_000
      : type === 'integer' || type === 'oid'
        ? 2_000_000_000
        : precision === '0'
          ? unlimited
          : Math.min(unlimited, 10 ** Math.min(15, Number(precision) - Number(scale)) - 1);
  const ranges = bounds.flatMap((low, i) =>
    bounds
      .slice(i + 1)
      .filter((high) => high - low >= 1)
      .map((high) =>
        value((d) => `${low} + (${d}) % ${Math.floor(high - low) + 1}`, Math.floor(high - low) + 1),
      ),
  );
  const counting =
    most > 1
      ? value((d) => (most < unlimited ? `1 + (${d}) % ${most}` : `1 + (${d})`), most)
      : constant('0');
  return [
    counting,
    ...ranges.reverse(),
    ...bounds.flatMap((bound) => [value((d) => `${bound} + 1 + (${d})`), constant(String(bound))]),
    ...(bounds.length > 1 ? [oneOf(bounds.map(String))] : []),
    constant('0'),
    constant('1'),
    value((d) => `-1 - (${d})`),
  ];
}

/** A number in so many places, written in these digits. */
function written(digits: string, places: number): Values {
  const base = digits.length >= 16 ? 16 : digits.length >= 10 ? 10 : digits.length >= 2 ? 2 : 1;
  if (base === 1) return constant(literal(digits.repeat(places)));
  const size = Math.min(unlimited, base ** Math.min(places, 12));
  const convert = { 16: 'to_hex', 10: '', 2: 'to_bin' }[base];
  const plain = '0123456789abcdef'.slice(0, base);
  const own = [...plain].every((digit) => digits.includes(digit)) ? plain : digits.slice(0, base);
  const text = (digit: string): string =>
    `lpad(${convert ? `${convert}((${digit}) % ${size})` : `((${digit}) % ${size})::text`}, ${places}, '0')`;
  return value(
    (digit) =>
      own === plain ? text(digit) : `translate(${text(digit)}, ${literal(plain)}, ${literal(own)})`,
    size,
  );
}

const hex = (places: number): Values => written('0123456789abcdef', places);

function texts(type: string, { words, numbers: lengths, patterns }: Hints): Values[] {
  const limit = Number(
    /^character(?: varying)?\((\d+)\)/.exec(type)?.[1] ?? (type === 'character' ? 1 : NaN),
  );
  if (type === '"char"') return [value((d) => `chr(97 + ((${d}) % 26)::int)`, 26)];
  const sized = hex(Math.min(8, limit));
  if (limit <= 9)
    return [
      ...(words.length > 0 ? [oneOf(words.map(literal))] : []),
      ...fromPatterns(patterns),
      sized,
      hex(limit),
      written('0123456789', limit),
    ];
  const around = (before: string, after = ''): Values =>
    value((d) => `${literal(before)} || ${hex(8).sql(d)} || ${literal(after)}`);
  const listed = words.filter((word) => !/^(?:object|array|string|number|boolean)$/.test(word));
  const free = lengths.length === 0 && patterns.length === 0 && !(limit <= 200);
  return [
    ...fromPatterns(patterns),
    // Where nothing bounds it, of the length that prose has: how long a rewrite takes depends on
    // the size of the rows.
    ...(free || (lengths.at(-1) ?? 0) >= 1000
      ? [around('r', ' the quick brown fox jumps over the lazy dog'.repeat(2))]
      : []),
    around('r'),
    ...(listed.length > 0 ? [oneOf(listed.map(literal))] : []),
    hex(8),
    around('r', '@example.com'),
    around('https://example.com/'),
    value((d) => `upper(${hex(8).sql(d)})`),
    written('0123456789', 10),
    ...lengths
      .filter((length) => length > 0 && length <= 10_000)
      .flatMap((length) => [hex(length), written('0123456789', length)]),
    value((d) => `(${uuid(d)})::text`),
    ...listed.map((word) => constant(literal(word))),
    ...listed.map((word) => around(word)),
    constant(`''`),
  ];
}

function fromPatterns(patterns: string[]): Values[] {
  return patterns.flatMap((pattern) => {
    const text = patternText(pattern);
    if (!text) return [];
    const middle = written(text.digits, text.places);
    return [
      value(
        (d) => `${literal(text.before)} || ${middle.sql(d)} || ${literal(text.after)}`,
        middle.size,
      ),
    ];
  });
}

/** Version 7's form: it grows with the number, as the real ones grow with time. */
function uuid(d: string): string {
  return `('01890000-0000-7000-8000-' || ${hex(12).sql(d)})::uuid`;
}

function times(type: string, place: number): Values[] {
  if (type.startsWith('interval'))
    return [value((d) => `(1 + (${d})) * interval '1 second'`), constant(`interval '1 day'`)];
  if (type.startsWith('time ') || type === 'time')
    return [value((d) => `time '00:00' + ((${d}) % 86400) * interval '1 second'`, 86_400)];
  if (type === 'date')
    return [value((d) => `date '2020-01-01' + ${place} + ((${d}) % 2000)::int`, 2000)];
  const at = (sign: string): Values =>
    value(
      (d) =>
        `timestamptz '2025-01-01 00:00Z' ${sign} ${place} * interval '1 hour' + (${d}) * interval '1 second'`,
    );
  return [at('+'), at('-'), constant('now()')];
}

function others(type: string, { numbers: lengths, words }: Hints): Values[] {
  switch (type) {
    case 'uuid':
      return [value(uuid)];
    case 'bytea':
      return [
        value((d) => `sha256(((${d})::text)::bytea)`),
        ...lengths
          .filter((length) => length > 0 && length <= 1000)
          .map((length) => value((d) => `decode(${hex(2 * length).sql(d)}, 'hex')`)),
      ];
    case 'json':
    case 'jsonb':
      return [
        value((d) => `json_build_object('n', ${d})`),
        constant(`'{}'`),
        value((d) => `json_build_array(${d})`),
        ...words.map((word) => constant(literal(JSON.stringify(word)))),
      ];
    case 'inet':
    case 'cidr':
      return [value((d) => `inet '10.0.0.0' + (${d}) % 16777216`, 16_777_216)];
    case 'tsvector':
      return [value((d) => `to_tsvector('simple', 'word ' || ${d})`)];
    case 'xml':
      return [constant(`'<r/>'`)];
    case 'point':
      return [value((d) => `point(${d}, ${d})`)];
    case 'int4range':
    case 'int8range':
    case 'numrange':
      return [value((d) => `format('[%s,%s)', ${d}, (${d}) + 1)`)];
    case 'tstzrange':
    case 'tsrange':
      return [
        value(
          (d) =>
            `tstzrange(timestamptz '2025-01-01Z' + (${d}) * interval '1 hour', timestamptz '2025-01-01Z' + (1 + ${d}) * interval '1 hour')::text`,
        ),
      ];
    case 'daterange':
      return [
        value((d) => `daterange(date '2020-01-01' + (${d})::int, date '2020-01-02' + (${d})::int)`),
      ];
    default:
      return [];
  }
}
