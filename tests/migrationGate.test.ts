import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labelKeys } from '../infra/docker-engine/labels.ts';
import { Checkout } from './support/checkout.ts';
import { docker, Stack } from './support/stack.ts';

// One stack whose migrations go wrong in one way after the other; each test goes on from the one
// before.
const checkout = Checkout.create();
const timeoutSeconds = 20;
const stack = new Stack(checkout, {
  basePort: 18600,
  replicas: 1,
  config: {
    seed: 'false',
    compatibilityCheck: 'false',
    migrationTimeoutSeconds: String(timeoutSeconds),
  },
});
const entry = 'app/src/main.ts';

const migration = (name: string, sql: string) => {
  checkout.write(`migrations/${name}.up.sql`, `-- slipway: phase=expand reversible=yes\n${sql}`);
  checkout.write(`migrations/${name}.down.sql`, 'select 1;\n');
};
const now = () => Math.floor(Date.now() / 1000);

/**
 * The roles of the stack's containers that the engine has made since then, those that are gone
 * again included.
 */
async function madeSince(seconds: number): Promise<string[]> {
  const filters = {
    type: ['container'],
    event: ['create'],
    label: [`${labelKeys.stack}=${stack.name}`],
  };
  const stream = await docker.getEvents({
    since: seconds,
    until: now() + 1,
    filters: JSON.stringify(filters),
  });
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  const lines = text.split('\n').filter(Boolean);
  return lines.map((line) => {
    const { Actor } = JSON.parse(line) as { Actor: { Attributes: Record<string, string> } };
    return Actor.Attributes[labelKeys.role] ?? '?';
  });
}

/**
 * Where the database was connected to from since then, but for the stack's own api and the health
 * check.
 */
async function connectedSince(seconds: number): Promise<string[]> {
  const [postgres] = await stack.containers('postgres');
  const logs = await docker
    .getContainer(postgres?.Id ?? '')
    .logs({ stdout: true, stderr: true, since: seconds });
  const hosts = [...logs.toString().matchAll(/connection received: host=(\S+)/g)].map(
    ([, host]) => host ?? '',
  );
  const apis = (await stack.containers('api')).flatMap(({ NetworkSettings }) =>
    Object.values(NetworkSettings.Networks).map(({ IPAddress }) => IPAddress),
  );
  return hosts.filter((host) => ![...apis, '[local]', '127.0.0.1', '::1'].includes(host));
}

const tables = () => stack.sql('select tablename from pg_tables');
const steps = async (name: string) =>
  (await stack.sql('select name, direction from slipway_migration_history')).filter((line) =>
    line.startsWith(name),
  );
const serving = async () => (await stack.api<{ release: string }>('GET', '/health')).body.release;

let release = '';
beforeAll(async () => {
  const { code, output } = await stack.make('up');
  expect(code, output).toBe(0);
  release = await serving();
  await stack.sql('alter system set log_connections = on');
  await stack.sql('select pg_reload_conf()');
});
afterAll(async () => {
  await stack.clear();
  checkout.remove();
});

describe('no migration task is started', () => {
  it('by an update with nothing changed', async () => {
    const since = now();
    const { code, output } = await stack.make('up');
    expect(code, output).toBe(0);
    expect(await madeSince(since)).toEqual([]);
  });

  it.each(['nothing changed', 'another image and another migration'])(
    'by a preview of %s, which opens no connection to the database either',
    async (what) => {
      if (what !== 'nothing changed') {
        checkout.write(entry, `// Another version.\n${checkout.read(entry)}`);
        migration('0097_good', 'create table good (id int);\n');
      }
      const since = now();
      const { code, output } = await stack.pulumi('preview');
      expect(code, output).toBe(0);
      if (what !== 'nothing changed') expect(output).toContain('1 migration to apply: 0097_good');
      expect(await madeSince(since)).toEqual([]);
      expect(await connectedSince(since)).toEqual([]);
    },
  );

  it('(a connection from this machine would have been seen)', async () => {
    const since = now();
    const client = new pg.Client({
      connectionString: String((await stack.outputs())['databaseUrl']),
    });
    await client.connect();
    await client.end();
    expect(await connectedSince(since)).toHaveLength(1);
  });
});

describe('a migration that runs past its time', () => {
  it('is stopped, fails the update, and the database stands at the last whole file', async () => {
    migration('0098_slow', 'create table slow (id int);\nselect pg_sleep(300);\n');
    const { code, output } = await stack.make('up');
    expect(code).not.toBe(0);
    expect(output).toContain(`stopped after ${timeoutSeconds} s, its timeout`);
    expect(output).toContain('the database stands at the last whole file');
    expect(await stack.containers('migration')).toEqual([]);
    const there = await tables();
    expect(there).toContain('good');
    expect(there).not.toContain('slow');
    expect(await steps('0098_slow')).toEqual([]);
    expect(await serving()).toBe(release);
  });
});

describe('a migration task that is killed', () => {
  it('fails the update for want of an exit code, and touches no service', async () => {
    const up = stack.startMake('up');
    await up.sees(/applying 0098_slow/);
    const [task] = await stack.containers('migration');
    await docker.getContainer(task?.Id ?? '').kill({ signal: 'SIGKILL' });
    const { code, output } = await up.finished;
    expect(code).not.toBe(0);
    expect(output).toMatch(/migrations task failed: no exit code, killed/);
    expect(await tables()).not.toContain('slow');
    expect(await serving()).toBe(release);
  });

  it('leaves nothing in the way of the next update, which applies each file once', async () => {
    migration('0098_slow', 'create table slow (id int);\n');
    const { code, output } = await stack.make('up');
    expect(code, output).toBe(0);
    expect(await steps('0097_good')).toEqual(['0097_good|up']);
    expect(await steps('0098_slow')).toEqual(['0098_slow|up']);
    release = await serving();
  });
});

describe('an image that is not there', () => {
  it('fails at once with the platform’s reason, and the version before goes on', async () => {
    const missing = `sha256:${'0'.repeat(64)}`;
    checkout.edit(
      `Pulumi.${stack.name}.yaml`,
      'slipway:build: "true"',
      `slipway:image: ${missing}`,
    );
    const { code, output } = await stack.make('up');
    expect(code).not.toBe(0);
    expect(output).toMatch(/The image sha256:0{64} is not on /);
    expect(await serving()).toBe(release);
  });
});
