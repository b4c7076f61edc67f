import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestApi } from '../../test-support/api.ts';
import { TestPostgres } from '../../../tests/support/postgres.ts';
import { runSmoke, smokeChecks, type SmokeResult } from './runSmoke.ts';
import { NoAnswer } from './smokeClient.ts';

let postgres: TestPostgres;
beforeAll(async () => void (postgres = await TestPostgres.start()));
afterAll(() => postgres?.stop());

/** An API on a database of its own; `sql` is run behind its back first. */
async function withApi<T>(work: (api: TestApi) => Promise<T>, sql?: string): Promise<T> {
  const url = await postgres.createDatabase();
  const api = await TestApi.start(url);
  try {
    if (sql) await postgres.query(sql, url);
    return await work(api);
  } finally {
    await api.stop();
  }
}

const failures = (results: SmokeResult[]) =>
  results.filter(({ outcome }) => outcome === 'failed').map(({ name, got }) => ({ name, got }));

/** Runs the role as a process of its own. */
async function role(
  ...args: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, '../main.ts'), 'smoke', ...args],
    {
      env: { PATH: process.env['PATH'] },
    },
  );
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}

describe('the API', () => {
  test('keeps every promise, twice in a row on one database', async () => {
    await withApi(async (api) => {
      for (let i = 0; i < 2; i++) {
        const results = await runSmoke(api.url, { timeoutMs: 60_000 });
        expect(failures(results)).toEqual([]);
        expect(results.map(({ outcome }) => outcome)).toEqual(
          Array(smokeChecks.length).fill('passed'),
        );
      }
    });
  });

  test('has no conversation and no session left of it', async () => {
    await withApi(async (api) => {
      await runSmoke(api.url, { timeoutMs: 60_000 });
      const { rows } = await api.pool.query(
        'SELECT (SELECT count(*) FROM conversations)::int AS conversations, (SELECT count(*) FROM sessions WHERE revoked_at IS NULL)::int AS sessions',
      );
      expect(rows).toEqual([{ conversations: 0, sessions: 0 }]);
    });
  });
});

describe('a schema that the code does not fit', () => {
  test.each([
    [
      'a renamed column',
      'ALTER TABLE conversations RENAME COLUMN title TO subject',
      'a conversation is started',
    ],
    [
      'a new required column',
      'ALTER TABLE users ADD COLUMN phone text NOT NULL',
      'registering makes an account',
    ],
    ['a dropped table', 'DROP TABLE messages', 'a message is stored and answered'],
    [
      'a stricter rule',
      "ALTER TABLE users ADD CHECK (preferences = '{}')",
      'the caller changes name and preferences',
    ],
    ['no models', 'UPDATE models SET enabled = false', 'the models are listed, one of them active'],
  ])('%s fails the check that meets it', async (_what, sql, name) => {
    const results = await withApi((api) => runSmoke(api.url, { timeoutMs: 60_000 }), sql);
    expect(failures(results).map((failure) => failure.name)).toContain(name);
    // A check that fails is told apart from one that only builds on it.
    expect(failures(results)[0]?.name).toBe(name);
  });

  test('leaves what does not touch it passing, and skips what builds on it', async () => {
    const sql = 'ALTER TABLE conversations RENAME COLUMN title TO subject';
    const results = await withApi((api) => runSmoke(api.url, { timeoutMs: 60_000 }), sql);
    const outcome = (name: string) => results.find((result) => result.name === name)?.outcome;
    expect(outcome('signing in returns a pair of tokens')).toBe('passed');
    expect(outcome('a message is stored and answered')).toBe('skipped');
    expect(outcome('signing out ends the session')).toBe('passed');
  });
});

describe('the role smoke', () => {
  test('writes a line per check and ends with 0', async () => {
    const { code, stdout, stderr } = await withApi((api) => role(api.url));
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trim().split('\n');
    expect(lines.slice(0, -1).every((line) => line.startsWith('ok '))).toBe(true);
    expect(lines.at(-1)).toMatch(
      new RegExp(`^${smokeChecks.length} passed, 0 failed, 0 skipped in [0-9.]+ s$`),
    );
  });

  test('ends with 1 when a check fails, and says what it expected and got', async () => {
    const sql = 'ALTER TABLE conversations RENAME COLUMN title TO subject';
    const { code, stdout } = await withApi((api) => role(api.url), sql);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^FAILED {3}a conversation is started: expected POST \/api\/conversations to answer 201; got 500 \{"type"/m,
    );
  });

  test('shows no password and no token, also where an answer is of a wrong shape and shown', async () => {
    // Answers everything with tokens, and with what it was sent.
    const server = createServer((req, res) => {
      const sent: Buffer[] = [];
      req.on('data', (chunk: Buffer) => sent.push(chunk));
      req.on('end', () => {
        const tokens = { accessToken: 'secret-access-token', refreshToken: 'secret-refresh-token' };
        const body = { ...tokens, sent: Buffer.concat(sent).toString() };
        res.setHeader('content-type', 'application/json').end(JSON.stringify(body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { code, stdout, stderr } = await role(
      `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    );
    server.closeAllConnections();
    server.close();
    expect(code).toBe(1);
    expect(stdout).toContain('"accessToken":"<hidden>","refreshToken":"<hidden>"');
    expect(stdout).toMatch(/password\W+<hidden>/);
    expect(stdout + stderr).not.toMatch(/secret-|password\W+[\w-]{24}/);
  });

  test('writes one JSON document with --json', async () => {
    const { stdout } = await withApi((api) => role(api.url, '--json'));
    const { passed, failed, checks } = JSON.parse(stdout) as {
      passed: number;
      failed: number;
      checks: SmokeResult[];
    };
    expect({ passed, failed }).toEqual({ passed: smokeChecks.length, failed: 0 });
    expect(checks.map(({ name }) => name)).toEqual(smokeChecks.map(({ name }) => name));
  });

  test.each([
    [[], 'give one BASE_URL'],
    [['ftp://127.0.0.1'], 'http:// or https://'],
    [['http://u:p@127.0.0.1'], 'no user and password'],
    [['http://127.0.0.1', '--timeout', '0'], '--timeout takes'],
    [['http://127.0.0.1', '--fast'], '--fast'],
    [['http://127.0.0.1:1'], 'nothing answers at http://127.0.0.1:1'],
  ])('%j ends with 2 and says why', async (args, reason) => {
    const { code, stderr } = await role(...args);
    expect(stderr).toContain(reason);
    expect(code).toBe(2);
  });

  test('ends within its time when the API stops answering', async () => {
    await withApi(async (api) => {
      api.server.prependListener('request', (req, res) => {
        // Everything but the first question is never answered.
        if (req.url !== '/health') res.end = () => res;
      });
      const started = performance.now();
      const results = await runSmoke(api.url, { timeoutMs: 1_000 });
      expect(performance.now() - started).toBeLessThan(25_000);
      expect(failures(results).at(-1)?.got).toContain('not in time');
    });
  });

  test('nobody there is told apart from a broken API', async () => {
    await expect(runSmoke('http://127.0.0.1:1', { timeoutMs: 5_000 })).rejects.toThrow(NoAnswer);
  });
});
