import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMigration, renumber } from './author.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'migrations-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const add = (...names: string[]) => {
  for (const name of names)
    for (const direction of ['up', 'down'])
      writeFileSync(join(folder, `${name}.${direction}.sql`), `-- ${name}`);
};
const files = () => readdirSync(folder).sort();

describe('a new migration', () => {
  it('gets the next number, and a name of lower-case words', () => {
    add('0001_a', '0007_b');
    expect(createMigration(folder, ' Add-topics now ')).toEqual([
      '0008_add_topics_now.up.sql',
      '0008_add_topics_now.down.sql',
    ]);
    expect(readFileSync(join(folder, '0008_add_topics_now.up.sql'), 'utf8')).toMatch(
      /^-- slipway: phase=expand reversible=yes\n/,
    );
  });

  it.each(['', '../x', 'naïve', 'a'.repeat(61)])('is refused with the name "%s"', (title) => {
    expect(() => createMigration(folder, title)).toThrow('name it with up to 60 letters');
    expect(files()).toEqual([]);
  });

  it('is refused when the four digits are used up', () => {
    add('9999_last');
    expect(() => createMigration(folder, 'more')).toThrow('four digits end at 9999');
  });
});

describe('a migration that shares its number', () => {
  it('gets the next free one, with both of its files as they were', () => {
    add('0001_a', '0002_b', '0002_c');
    expect(renumber(folder, '0002_c')).toBe('0003_c');
    expect(files()).not.toContain('0002_c.up.sql');
    expect(readFileSync(join(folder, '0003_c.down.sql'), 'utf8')).toBe('-- 0002_c');
  });

  it('has to be named, and the names to choose from are told', () => {
    add('0001_a', '0002_b', '0002_c');
    expect(() => renumber(folder, undefined)).toThrow(
      'A name is missing. These share a number: 0002_b, 0002_c.',
    );
    expect(() => renumber(folder, '0009_z')).toThrow('There is no migration 0009_z.');
  });

  it('is not looked for where no number is used twice', () => {
    add('0001_a');
    expect(() => renumber(folder, undefined)).toThrow('No number is used twice.');
    expect(() => renumber(folder, '0001_a')).toThrow('is the newest already');
  });
});
