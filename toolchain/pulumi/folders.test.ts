import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backendUrl, filesIn } from './state.ts';

let parent: string;
beforeEach(() => void (parent = mkdtempSync(join(tmpdir(), 'state-'))));
afterEach(() => rmSync(parent, { recursive: true }));

it.each(['[wip] x', '{a,b}', 'a*b', '!(a)', "it's 50% #1?"])(
  'finds the files of a checkout in a folder called %s',
  (name) => {
    const folder = join(parent, name);
    mkdirSync(join(folder, 'stacks'), { recursive: true });
    const file = join(folder, 'stacks', 'dev.json');
    writeFileSync(file, '{}');
    expect(filesIn(folder, 'stacks/**/*.json')).toEqual([file]);
  },
);

it('gives Pulumi an address from which it reads the same folder', () => {
  const folder = "/home/joe/it's 50% #1? [wip]/ü";
  const url = new URL(backendUrl(folder));
  expect([decodeURIComponent(url.pathname), url.search, url.hash]).toEqual([folder, '', '']);
});
