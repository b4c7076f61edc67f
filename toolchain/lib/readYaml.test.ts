import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readYaml } from './readYaml.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'yaml-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const read = (text: string) => {
  const file = join(folder, 'Pulumi.bad.yaml');
  writeFileSync(file, text);
  return readYaml(file);
};

it.each([
  ['a tab', 'config:\n\ta: b\n', /^Pulumi\.bad\.yaml, line 2: Tabs are not allowed/],
  [
    'a key twice',
    'config:\n  a: 1\n  a: 2\n',
    /^Pulumi\.bad\.yaml, line 3: Map keys must be unique/,
  ],
  ['an open quote', 'config:\n  a: "b\n', /^Pulumi\.bad\.yaml, line \d: /],
  ['a list', '- a\n', /^Pulumi\.bad\.yaml: must be a map/],
  ['text', 'hello', /^Pulumi\.bad\.yaml: must be a map/],
  ['a config that is text', 'config: hello', /^Pulumi\.bad\.yaml: config: must be a map/],
  ['a config that is a list', 'config: [a]', /^Pulumi\.bad\.yaml: config: must be a map/],
])('a file with %s is refused by its name and line', (_what, text, message) => {
  expect(() => read(text)).toThrow(message);
});

it.each(['', '# nothing yet\n', 'config:\n'])('%j is a file without keys', (text) => {
  expect(read(text).config ?? {}).toEqual({});
});
