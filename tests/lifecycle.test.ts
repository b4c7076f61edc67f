import { afterAll, describe, expect, it } from 'vitest';
import { containerExec } from '../infra/docker-engine/containerExec.ts';
import { Checkout } from './support/checkout.ts';
import { killCommands, killGroup } from './support/run.ts';
import { docker, Stack } from './support/stack.ts';

// One checkout with two stacks side by side; each test goes on from the one before.
const checkout = Checkout.create();
// Its migrations sleep; on a copy of the schema they would sleep once more.
const stack = new Stack(checkout, {
  basePort: 18200,
  replicas: 1,
  config: { compatibilityCheck: 'false' },
});
const neighbour = new Stack(checkout, { basePort: 18300, replicas: 1, config: { seed: 'false' } });
const entry = 'app/src/main.ts';
const crash = `if (process.argv[2] === 'serve') process.exit(7);\n`;

const only = async (of: Stack, role: string) => {
  const [container] = await of.containers(role);
  if (!container) throw new Error(`no ${role}`);
  return docker.getContainer(container.Id);
};
const slowMigration = (name: string, seconds: number) => {
  const sql = `create table t_${name} (id int);\nselect pg_sleep(${seconds});\n`;
  checkout.write(`migrations/${name}.up.sql`, `-- slipway: phase=expand reversible=yes\n${sql}`);
  checkout.write(`migrations/${name}.down.sql`, `drop table t_${name};\n`);
};
const timesApplied = async (name: string) => {
  const { output } = await stack.make('migration-status');
  return output.split('\n').filter((line) => line.includes(name) && line.includes('applied'))
    .length;
};

afterAll(async () => {
  await stack.clear();
  await neighbour.clear();
  checkout.remove();
});

describe('a very first deployment that fails', () => {
  it('says why, and can be destroyed', async () => {
    const good = checkout.read(entry);
    checkout.write(entry, crash + good);
    const { code, output } = await stack.make('up');
    expect(code).not.toBe(0);
    expect(output).toMatch(/crashed \d times, last with exit code 7/);
    expect(output).toContain('No release serves yet');
    checkout.write(entry, good);
    const destroyed = await stack.make('destroy', { CONFIRM: stack.name });
    expect(destroyed.code, destroyed.output).toBe(0);
    expect(await stack.leftovers()).toEqual([]);
  });
});

describe('an interrupted update', () => {
  it('comes up to begin with', async () => {
    const { code, output } = await stack.make('up');
    expect(code, output).toBe(0);
  });

  it('killed in the middle of a migration: the next one takes the task up, and applies it once', async () => {
    slowMigration('0098_slow', 20);
    const first = stack.startMake('up');
    await first.sees(/applying 0098_slow/);
    killCommands(first.child);
    await first.finished;
    expect((await stack.containers('migration')).length).toBe(1);
    const { code, output } = await stack.make('up');
    expect(code, output).toBe(0);
    expect(output).toContain('taking up the task that an earlier update left running');
    expect(await timesApplied('0098_slow')).toBe(1);
    expect(await stack.containers('migration')).toEqual([]);
  });

  it('stopped by Ctrl-C in the middle of a migration: nothing half-applied, and the next one completes', async () => {
    slowMigration('0099_slower', 60);
    const first = stack.startMake('up');
    await first.sees(/applying 0099_slower/);
    killGroup(first.child, 'SIGINT');
    const { code, output } = await first.finished;
    expect(code).not.toBe(0);
    expect(output).toContain('cancelled, nothing half-applied');
    expect(await stack.containers('migration')).toEqual([]);
    expect(await stack.sql('select tablename from pg_tables')).not.toContain('t_0099_slower');
    slowMigration('0099_slower', 0);
    const again = await stack.make('up');
    expect(again.code, again.output).toBe(0);
    expect(await timesApplied('0099_slower')).toBe(1);
  });

  it('killed before it changed anything: the next one runs', async () => {
    checkout.write(entry, `// Another version.\n${checkout.read(entry)}`);
    const first = stack.startMake('up');
    await first.sees(/Updating|updating/);
    killCommands(first.child);
    await first.finished;
    const { code, output } = await stack.make('up');
    expect(code, output).toBe(0);
  });
});

describe('data', () => {
  it('outlives `make down` and `make up`', async () => {
    const [before] = await stack.sql('select count(*) from messages');
    expect(Number(before)).toBeGreaterThan(0);
    const down = await stack.make('down');
    expect(down.code, down.output).toBe(0);
    expect((await stack.containers()).filter(({ State }) => State === 'running')).toEqual([]);
    for (const role of ['postgres', 'valkey', 'api', 'gateway']) {
      const { State } = await (await only(stack, role)).inspect();
      expect(State.ExitCode, `${role} was stopped in good order`).toBe(0);
    }
    const up = await stack.make('up');
    expect(up.code, up.output).toBe(0);
    expect(await stack.sql('select count(*) from messages')).toEqual([before]);
  });

  it('is seeded anew by `make rebuild-db`, and by nothing that has the wrong name', async () => {
    const wrong = await stack.make('rebuild-db', { CONFIRM: 'other' });
    expect(wrong.code).not.toBe(0);
    const { code, output } = await stack.make('rebuild-db', { CONFIRM: stack.name });
    expect(code, output).toBe(0);
    expect((await stack.api('GET', '/health/ready')).status).toBe(200);
  });
});

describe('the api', () => {
  it('may read and write rows of its database, and change no table', async () => {
    const api = await only(stack, 'api');
    const { Config } = await api.inspect();
    const url = Config.Env.find((line) => line.startsWith('DATABASE_URL='))?.slice(13) ?? '';
    const postgres = await only(stack, 'postgres');
    const sql = (statement: string) =>
      containerExec(docker, postgres.id, ['psql', url, '-Atc', statement]);
    expect(await sql("UPDATE models SET name = name WHERE id = 'echo'")).toMatchObject({
      exitCode: 0,
    });
    for (const statement of [
      'CREATE TABLE mine (id int)',
      'ALTER TABLE users ADD COLUMN x int',
      'DROP TABLE users',
    ]) {
      const { exitCode, stderr } = await sql(statement);
      expect(exitCode).not.toBe(0);
      expect(stderr).toMatch(/permission denied|must be owner/);
    }
  });
});

describe('what was removed behind its back', () => {
  it('comes back when a container has lost its network, as after a start that failed', async () => {
    const gateway = await only(stack, 'gateway');
    const { NetworkSettings } = await gateway.inspect();
    const network = Object.keys(NetworkSettings.Networks)[0] ?? '';
    await docker.getNetwork(network).disconnect({ Container: gateway.id, Force: true });
    const { code, output } = await stack.make('up');
    expect(code, output).toBe(0);
    expect(output).toContain('has no network');
    expect((await stack.api('GET', '/health/ready')).status).toBe(200);
  });

  it.each(['api', 'gateway', 'valkey'])(
    'comes back when the %s container is deleted',
    async (role) => {
      await (await only(stack, role)).remove({ force: true });
      const { code, output } = await stack.make('up');
      expect(code, output).toBe(0);
      expect((await stack.api('GET', '/health/ready')).status).toBe(200);
    },
  );

  it('comes back when a container is stopped, by pulumi alone as well', async () => {
    await (await only(stack, 'api')).stop({ t: 1 });
    const { code, output } = await stack.pulumi('up', '--refresh', '--yes', '--skip-preview');
    expect(code, output).toBe(0);
    expect((await stack.api('GET', '/health/ready')).status).toBe(200);
  });

  it('is migrated anew when the database’s volume is deleted', async () => {
    const postgres = await only(stack, 'postgres');
    const { Mounts } = await postgres.inspect();
    await postgres.remove({ force: true });
    const volume =
      Mounts.find(({ Destination }) => Destination === '/var/lib/postgresql/data')?.Name ?? '';
    await docker.getVolume(volume).remove();
    const { code, output } = await stack.make('up');
    expect(code, output).toBe(0);
    expect(output).toMatch(/applying 0001_users … done/);
    expect((await stack.api('GET', '/health/ready')).status).toBe(200);
  });
});

describe('two stacks side by side', () => {
  it('do not touch each other', async () => {
    const up = await neighbour.make('up');
    expect(up.code, up.output).toBe(0);
    const ids = async () => (await neighbour.containers()).map(({ Id }) => Id).sort();
    const before = await ids();
    const destroyed = await stack.make('destroy', { CONFIRM: stack.name });
    expect(destroyed.code, destroyed.output).toBe(0);
    expect(await stack.leftovers()).toEqual([]);
    expect(await ids()).toEqual(before);
    expect((await neighbour.api('GET', '/health/ready')).status).toBe(200);
  });

  it('are destroyed by name only', async () => {
    const { code, output } = await neighbour.make('destroy', { CONFIRM: 'another-name' });
    expect(code).not.toBe(0);
    expect(output).toContain(neighbour.name);
    expect((await neighbour.api('GET', '/health/ready')).status).toBe(200);
  });
});

describe('a lost state', () => {
  it('is explained by `make up`, and what is left is found by `make destroy`', async () => {
    checkout.delete('.slipway/state');
    const up = await neighbour.make('up');
    expect(up.code).not.toBe(0);
    expect(up.output).toContain(`The state of stack ${neighbour.name} is lost`);
    expect(up.output).toContain(`make destroy STACK=${neighbour.name}`);
    const { code, output } = await neighbour.make('destroy', { CONFIRM: neighbour.name });
    expect(code, output).toBe(0);
    expect(await neighbour.leftovers()).toEqual([]);
  });
});
