import { execFileSync } from 'node:child_process';
import {
  cpSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildHash, contextFiles } from './buildContext.ts';

let context: string;
const write = (path: string, text = '') => {
  mkdirSync(dirname(join(context, path)), { recursive: true });
  writeFileSync(join(context, path), text);
};
const hash = (over: Partial<Parameters<typeof buildHash>[0]> = {}) =>
  buildHash({
    context,
    dockerfile: 'app/Dockerfile',
    buildArgs: {},
    baseImages: ['sha256:1'],
    ...over,
  });

beforeEach(() => {
  context = mkdtempSync(join(tmpdir(), 'context-'));
  write('.dockerignore', '*\n!app\n!package.json\napp/**/*.test.ts\n');
  write('app/Dockerfile', 'FROM x');
  write('app/src/main.ts', 'one');
  write('app/src/main.test.ts', 'test');
  write('package.json', '{}');
  write('node_modules/deep/index.js', 'x');
});
afterEach(() => rmSync(context, { recursive: true }));

describe('the build context', () => {
  it('holds what .dockerignore lets through', () => {
    expect(contextFiles(context)).toEqual(['app/Dockerfile', 'app/src/main.ts', 'package.json']);
  });

  it('of this project holds the packages of .slipway, and neither state nor passphrase', () => {
    cpSync(join(import.meta.dirname, '../../.dockerignore'), join(context, '.dockerignore'));
    write('.npmrc', '//registry.example/:_authToken=x');
    write('.slipway/npm/package-lock.json', '{}');
    for (const name of ['passphrase', 'state/stack.json', 'npmrc', 'npm-debug/log'])
      write(`.slipway/${name}`, 'x');
    expect(contextFiles(context)).toEqual([
      '.slipway/npm/package-lock.json',
      'app/Dockerfile',
      'app/src/main.ts',
      'package.json',
    ]);
  });

  it('hashes the same for the same content, whatever the times', () => {
    const before = hash();
    utimesSync(join(context, 'app/src/main.ts'), 1, 1);
    expect(hash()).toBe(before);
  });

  it('ignores files the build does not see', () => {
    const before = hash();
    write('app/src/main.test.ts', 'changed');
    write('README.md', 'new');
    expect(hash()).toBe(before);
  });

  it.each([
    ['a source file', () => write('app/src/main.ts', 'two')],
    ['a new file', () => write('app/src/other.ts')],
    ['the Dockerfile', () => write('app/Dockerfile', 'FROM y')],
    ['a mode', () => chmodSync(join(context, 'app/src/main.ts'), 0o755)],
  ])('changes with %s', (_what, change) => {
    const before = hash();
    change();
    expect(hash()).not.toBe(before);
  });

  it('changes with the build arguments and the base image', () => {
    expect(hash({ buildArgs: { A: '1' } })).not.toBe(hash());
    expect(hash({ baseImages: ['sha256:2'] })).not.toBe(hash());
  });
});

describe('a link in the build context', () => {
  const link = (target: string) => symlinkSync(target, join(context, 'app/src/shared'));

  it.each(['main.ts', '../src', 'nowhere'])('to %s is hashed as a link', (target) => {
    link(target);
    const before = hash();
    rmSync(join(context, 'app/src/shared'));
    link(`./${target}`);
    expect(hash()).not.toBe(before);
  });

  it.each(['../../node_modules', '../../node_modules/deep/index.js', '/etc'])(
    'to %s, which the build does not see, is refused by its name',
    (target) => {
      link(target);
      expect(() => hash()).toThrow(`app/src/shared is a link to ${target}`);
    },
  );
});

it('refuses what is no file, every one by its name, and does not wait for it', () => {
  execFileSync('mkfifo', [join(context, 'app/pipe')]);
  symlinkSync('/etc', join(context, 'app/etc'));
  expect(() => hash()).toThrow(
    /nothing was changed:\n {2}- app\/etc is a link.*\n {2}- app\/pipe is neither/,
  );
});

it('hashes the same under a strict umask', () => {
  const before = hash();
  for (const file of contextFiles(context)) chmodSync(join(context, file), 0o600);
  chmodSync(join(context, 'app'), 0o700);
  expect(hash()).toBe(before);
});
