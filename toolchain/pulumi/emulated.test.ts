import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type * as Paths from '../lib/paths.ts';
import { credentialLeaks } from './emulatorGuard.ts';

const root = mkdtempSync(join(tmpdir(), 'slipway-emulated-'));

vi.mock('../lib/paths.ts', async (original) => {
  const paths = await original<typeof Paths>();
  const modules = join(root, 'node_modules');
  if (!existsSync(modules)) symlinkSync(join(paths.root, 'node_modules'), modules);
  return { ...paths, root };
});

beforeEach(() => {
  vi.resetModules();
  vi.stubEnv('STACK', 'prod');
  vi.stubEnv('CONFIRM', '');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAREAL');
  vi.stubEnv('AWS_PROFILE', 'production');
  vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:4566');
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(root, { recursive: true }));

/**
 * Whether a verb asks, and its environment for pulumi, for a stack with these lines in its file.
 */
async function verb(...lines: string[]): Promise<{ asks: boolean; env: NodeJS.ProcessEnv }> {
  const config = ['platform: aws', ...lines].map((line) => `  slipway:${line}\n`).join('');
  writeFileSync(join(root, 'Pulumi.prod.yaml'), `config:\n${config}`);
  const { agreed } = await import('../lib/context.ts');
  const { engineEnvironment } = await import('./runPulumi.ts');
  return { asks: !agreed(), env: engineEnvironment() };
}

describe('a stack on AWS while AWS_ENDPOINT_URL names an emulator', () => {
  it('with a registry of its own is emulated: no question, and no real credentials', async () => {
    const { asks, env } = await verb('registryHost: 127.0.0.1:4566');
    expect(asks).toBe(false);
    expect(credentialLeaks(env)).toEqual([]);
    expect(env['AWS_ENDPOINT_URL']).toBe('http://127.0.0.1:4566');
  });

  it('without one is on AWS: it asks, and keeps the credentials of the person', async () => {
    const { asks, env } = await verb('cost: standard');
    expect(asks).toBe(true);
    expect(env['AWS_ACCESS_KEY_ID']).toBe('AKIAREAL');
  });
});
