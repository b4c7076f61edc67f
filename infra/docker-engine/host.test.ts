import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dockerHost } from './host.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'home-'));
  const meta = join(
    home,
    '.docker/contexts/meta',
    createHash('sha256').update('far').digest('hex'),
  );
  mkdirSync(meta, { recursive: true });
  writeFileSync(
    join(meta, 'meta.json'),
    JSON.stringify({ Endpoints: { docker: { Host: 'tcp://far:2375' } } }),
  );
});
afterEach(() => rmSync(home, { recursive: true }));
const choose = (currentContext: string) =>
  writeFileSync(join(home, '.docker/config.json'), JSON.stringify({ currentContext }));

describe('the Docker endpoint', () => {
  it('is the default socket when nothing says otherwise', () => {
    expect(dockerHost({}, home)).toBe('unix:///var/run/docker.sock');
  });

  it('follows the current context', () => {
    choose('far');
    expect(dockerHost({}, home)).toBe('tcp://far:2375');
  });

  it('puts DOCKER_HOST before the context', () => {
    choose('far');
    expect(dockerHost({ DOCKER_HOST: 'unix:///run/other.sock' }, home)).toBe(
      'unix:///run/other.sock',
    );
  });

  it('names a context that does not exist', () => {
    expect(() => dockerHost({ DOCKER_CONTEXT: 'gone' }, home)).toThrow(
      'The Docker context "gone" does not exist',
    );
  });
});
