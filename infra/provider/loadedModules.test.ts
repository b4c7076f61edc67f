import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

describe('a provider that has loaded its handlers', () => {
  it('has loaded neither the AWS SDK nor the Docker client', () => {
    const script = `
      import { registerHooks } from 'node:module';
      const loaded = [];
      registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
      await import('./migrations/migrationHandler.ts');
      await import('./rollout/rolloutHandler.ts');
      console.log(JSON.stringify(loaded));
    `;
    const cwd = new URL('.', import.meta.url);
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd,
      encoding: 'utf8',
    });
    const loaded = JSON.parse(output) as string[];
    expect(loaded.some((url) => url.endsWith('/migrationHandler.ts'))).toBe(true);
    expect(loaded.filter((url) => /@aws-sdk|dockerode|@smithy/.test(url))).toEqual([]);
  });
});
