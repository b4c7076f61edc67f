import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testSecrets } from '../../test-support/api.ts';
import { readConfig } from './config.ts';
import { staleFiles } from './configDocs.ts';
import { serveSettings } from './settings.ts';

const good = { DATABASE_URL: 'postgres://u:p@localhost/d', ...testSecrets };
const faultsOf = (env: NodeJS.ProcessEnv): string => {
  try {
    readConfig(serveSettings, env);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

test('defaults fill what is left out, and an empty variable counts as left out', () => {
  expect(readConfig(serveSettings, { ...good, PORT: '', CACHE_URL: '' })).toMatchObject({
    PORT: 3000,
    DATABASE_POOL_MAX: 10,
  });
});

test('every fault is reported at once, by name', () => {
  const message = faultsOf({
    ...good,
    DATABASE_URL: 'mysql://x/y',
    PORT: '70000',
    LOG_LEVEL: 'loud',
    SESSION_HASH_SECRET: undefined,
  });
  for (const name of ['DATABASE_URL', 'PORT', 'LOG_LEVEL', 'SESSION_HASH_SECRET is required'])
    expect(message).toContain(name);
  expect(message).toContain('4 faults');
});

test('no value is ever printed', () => {
  const message = faultsOf({
    DATABASE_URL: 'hunter2',
    JWT_SECRETS: 'hunter2',
    SESSION_HASH_SECRET: 'hunter2',
    CACHE_URL: 'hunter2',
  });
  expect(message).toContain('4 faults');
  expect(message).not.toContain('hunter2');
});

test.each([
  'k1:short',
  'no-id-at-all-but-a-long-enough-secret-here',
  `k1:${'x'.repeat(32)},k1:${'y'.repeat(32)}`,
  ',',
])('JWT_SECRETS=%s is refused', (value) =>
  expect(faultsOf({ ...good, JWT_SECRETS: value })).toContain('JWT_SECRETS'),
);

test('keys keep their order: the first signs', () => {
  const { JWT_SECRETS } = readConfig(serveSettings, {
    ...good,
    JWT_SECRETS: `new:${'x'.repeat(32)},old:${'y'.repeat(30)}:=`,
  });
  expect(JWT_SECRETS.map(({ id }) => id)).toEqual(['new', 'old']);
  expect(JWT_SECRETS[1]?.secret).toBe(`${'y'.repeat(30)}:=`);
});

test('.env.example and docs/environment.md are as the settings say (run `node app/src/settings/configDocs.ts`)', () => {
  expect(staleFiles(join(import.meta.dirname, '../../..'))).toEqual([]);
});
