import { spawn } from 'node:child_process';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestApi, testSecrets } from '../../test-support/api.ts';
import { eventually } from '../../../tests/support/containers.ts';
import { migrate } from '../../../tests/support/migrate.ts';
import { TestPostgres } from '../../../tests/support/postgres.ts';

let postgres: TestPostgres;
beforeAll(async () => void (postgres = await TestPostgres.start()));
afterAll(() => postgres?.stop());

/** Runs a role as a process of its own. */
function start(args: string[], env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../main.ts'), ...args], {
    env: { PATH: process.env['PATH'], ...env },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const finished = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, output }));
  });
  return { child, finished, output: () => output };
}

/** Starts `serve` on a free port, and waits until it listens. */
async function serving(url: string) {
  const started = start(['serve'], { DATABASE_URL: url, PORT: '0', ...testSecrets });
  const { output } = started;
  await eventually(() =>
    output().includes('listening') ? Promise.resolve() : Promise.reject(new Error(output())),
  );
  const { port } = JSON.parse(output().split('\n')[0]!) as { port: number };
  return { ...started, port };
}

test('serve says where it listens, one JSON object a line, and ends with 0 on SIGTERM', async () => {
  const url = await postgres.createDatabase();
  await migrate(url, ['up']);
  const { child, finished, output, port } = await serving(url);
  expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).toBe(200);
  child.kill('SIGTERM');
  const { code } = await finished;
  expect(code).toBe(0);
  for (const line of output().trim().split('\n'))
    expect(JSON.parse(line)).toMatchObject({ level: 'info' });
});

test('serve that is stopped under load breaks no request off and loses no message', async () => {
  const url = await postgres.createDatabase();
  const setup = await TestApi.start(url);
  const { accessToken } = await setup.account();
  const id = await setup.conversation(accessToken);
  const { child, finished, port } = await serving(url);

  const agent = new Agent({ keepAlive: true });
  const outcomes = { stored: 0, refused: 0, broken: [] as string[] };
  const clients = Array.from({ length: 8 }, async () => {
    for (;;) {
      const outcome = await post(agent, port, `/api/conversations/${id}/messages`, accessToken);
      if (outcome === 'refused') return void outcomes.refused++;
      if (outcome === 201) outcomes.stored++;
      else outcomes.broken.push(String(outcome));
    }
  });
  while (outcomes.stored <= 20 && outcomes.broken.length === 0) await sleep(20);
  child.kill('SIGTERM');
  await Promise.all(clients);
  expect((await finished).code).toBe(0);
  expect(outcomes).toMatchObject({ refused: 8, broken: [] });
  const { rows } = await setup.pool.query<{ n: number }>('SELECT count(*)::int AS n FROM messages');
  expect(rows[0]?.n).toBe(outcomes.stored * 2);
  expect(outcomes.stored).toBeGreaterThan(20);
  await setup.stop();
});

/**
 * A message through a connection that is kept open. A connection that was closed before it was used
 * may be replaced.
 */
function post(agent: Agent, port: number, path: string, token: string): Promise<number | string> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const sent = request(
      { agent, port, host: '127.0.0.1', method: 'POST', path, headers },
      (res) => {
        res.resume().once('end', () => resolve(res.statusCode ?? 0));
      },
    );
    sent.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') resolve('refused');
      else if (sent.reusedSocket && error.code === 'ECONNRESET')
        resolve(post(agent, port, path, token));
      else resolve(error.code ?? error.message);
    });
    sent.end('{"content":"hello"}');
  });
}

test('serve without its settings names every one, and ends with 2', async () => {
  const { code, output } = await start(['serve'], {}).finished;
  expect(code).toBe(2);
  for (const name of ['DATABASE_URL', 'JWT_SECRETS', 'SESSION_HASH_SECRET'])
    expect(output).toContain(`${name} is required`);
});

test('an unknown role ends with 2', async () => {
  expect(await start(['dance'], {}).finished).toMatchObject({ code: 2 });
});

test('seed comes back after the tables were reverted and made again, in a schema of another name too', async () => {
  const url = await postgres.createDatabase();
  const named = { DATABASE_SCHEMA: 'chat' };
  const seed = () =>
    start(['seed'], { DATABASE_URL: url, DEMO_USER_PASSWORD: 'demo-password', ...named }).finished;
  await migrate(url, ['up'], named);
  expect((await seed()).output).toContain('seeding demo user');
  expect((await seed()).output).not.toContain('seeding');
  await migrate(url, ['revert-all'], named);
  await migrate(url, ['up'], named);
  expect((await seed()).output).toContain('seeding demo user');
  const rows = await postgres.query('SELECT email FROM chat.users', url);
  expect(rows).toEqual([{ email: 'demo@example.com' }]);
});

test('seed fills a database once, and its user can sign in and read the sample', async () => {
  const url = await postgres.createDatabase();
  const seed = (password: string) =>
    start(['seed'], { DATABASE_URL: url, DEMO_USER_PASSWORD: password }).finished;
  expect(await seed('demo-password')).toMatchObject({
    code: 1,
    output: expect.stringContaining('run `migrate up` first') as string,
  });
  await migrate(url, ['up']);
  expect(await seed('demo-password')).toMatchObject({ code: 0 });
  const again = await seed('other-password');
  expect(again).toMatchObject({ code: 0 });
  expect(again.output).not.toContain('seeding');

  const api = await TestApi.start(url);
  const login = (password: string) =>
    api.call<{ accessToken: string }>('POST', '/api/login', {
      body: { email: 'demo@example.com', password },
    });
  expect(await login('demo-password')).toMatchObject({ status: 401 });
  const { body } = await login('other-password');
  const list = (path: string) =>
    api.call<{ items: { id: string }[] }>('GET', path, { token: body.accessToken });
  const conversations = (await list('/api/conversations')).body.items;
  expect(conversations).toHaveLength(1);
  expect(
    (await list(`/api/conversations/${conversations[0]!.id}/messages`)).body.items,
  ).toHaveLength(4);
  await api.stop();
});
