import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Checkout } from './support/checkout.ts';
import { startLoad, type LoadReport } from '../toolchain/rehearsal/faults/load.ts';
import type { Finished } from './support/run.ts';
import { docker, Stack } from './support/stack.ts';

// One stack through its whole life, in order: each test goes on from the one before.
const checkout = Checkout.create();
const stack = new Stack(checkout, { basePort: 18000 });
const entry = 'app/src/main.ts';
const unchanged = /^ +\d+ unchanged\s*$/m;
const changes = /\d+ (created|updated|deleted|replaced|changes)/;

let release = '';
const apiContainers = async () =>
  (await stack.containers('api'))
    .filter(({ State }) => State === 'running')
    .map(({ Id }) => Id)
    .sort();
const serving = async () => (await stack.api<{ release: string }>('GET', '/health')).body.release;

/** Runs `make up` under a running loop of requests, and prints what the loop saw. */
async function upUnderLoad(what: string): Promise<{ up: Finished; load: LoadReport }> {
  const load = startLoad(`http://127.0.0.1:${stack.port}`);
  const up = await stack.make('up');
  const report = await load.stop();
  const faults = report.failed > 0 ? ` (${JSON.stringify(report.faults)})` : '';
  console.log(
    `${what}: ${report.sent} requests sent, ${report.failed} failed${faults}, ${up.seconds.toFixed(1)} s`,
  );
  return { up, load: report };
}

// Both ask for a login. What the image needs is in npm's cache, so nobody has to be there.
const login = 'joe:s3cret-of-the-proxy';
const nowhere = `http://${login}@127.0.0.1:9`;
const behindProxy = { HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere, NPM_CONFIG_REGISTRY: nowhere };

beforeAll(async () => {
  const up = await stack.make('up', behindProxy);
  expect(up.output).toContain(`http://127.0.0.1:${stack.port}`);
  expect(up.code, up.output).toBe(0);
  release = await serving();
});
afterAll(async () => {
  await stack.clear();
  checkout.remove();
});

describe('a stack that came up from nothing', () => {
  it('answers a chat through the gateway', async () => {
    const login = { email: 'ada@example.com', password: 'correct horse battery staple' };
    expect((await stack.api('POST', '/api/register', { ...login, handle: 'ada' })).status).toBe(
      201,
    );
    const { body: tokens } = await stack.api<{ accessToken: string }>('POST', '/api/login', login);
    const { body: conversation } = await stack.api<{ id: string }>(
      'POST',
      '/api/conversations',
      { title: 'First' },
      tokens.accessToken,
    );
    const path = `/api/conversations/${conversation.id}/messages`;
    const sent = await stack.api('POST', path, { content: 'Hello' }, tokens.accessToken);
    expect(sent.status).toBe(201);
    const { body: page } = await stack.api<{ items: { role: string }[] }>(
      'GET',
      path,
      undefined,
      tokens.accessToken,
    );
    expect(page.items.map(({ role }) => role).sort()).toEqual(['assistant', 'user']);
  });

  it('lets the demo user log in', async () => {
    const { demoEmail, demoPassword } = await stack.outputs();
    const { status } = await stack.api('POST', '/api/login', {
      email: demoEmail,
      password: demoPassword,
    });
    expect(status).toBe(200);
  });

  it('serves its documents, and metrics on a port of their own only', async () => {
    for (const path of ['/', '/docs', '/openapi.json', '/health/ready']) {
      expect((await fetch(`http://127.0.0.1:${stack.port}${path}`)).status, path).toBe(200);
    }
    const page = await (await fetch(`http://127.0.0.1:${stack.port}/`)).text();
    const assets = [...page.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(
      ([, path]) => path ?? '',
    );
    expect(assets.length).toBeGreaterThan(0);
    for (const path of assets)
      expect((await fetch(`http://127.0.0.1:${stack.port}${path}`)).status, path).toBe(200);
    for (const path of ['/metrics', '/admin', '/nothing']) {
      expect((await fetch(`http://127.0.0.1:${stack.port}${path}`)).status, path).toBe(404);
    }
    const metrics = await fetch(`http://127.0.0.1:${stack.port + 20}/metrics/0`);
    expect(await metrics.text()).toContain('# TYPE');
  });

  it('listens on the loopback alone', async () => {
    const ports = (await stack.containers()).flatMap(({ Ports }) =>
      Ports.filter(({ PublicPort }) => PublicPort),
    );
    expect(ports.length).toBe(3);
    expect(new Set(ports.map(({ IP }) => IP))).toEqual(new Set(['127.0.0.1']));
  });

  it('keeps no login of a proxy or a registry, in its state or in an image', async () => {
    const exported = await stack.pulumi('stack', 'export', '--show-secrets');
    const preview = await stack.make('preview', behindProxy);
    expect(preview.output).toMatch(unchanged);
    const { migrationTask } = await stack.outputs();
    const { image } = migrationTask as { image: string };
    const stages = await docker.listImages({
      filters: { label: ['dev.slipway.role=build-stage'] },
    });
    const histories = await Promise.all(
      [image, ...stages.map(({ Id }) => Id)].map((id) => docker.getImage(id).history()),
    );
    for (const text of [exported.output, preview.output, JSON.stringify(histories)])
      expect(text).not.toContain(login);
  });

  it('shows no secret in its state, outputs, preview or logs', async () => {
    const { databaseUrl, demoPassword, migrationTask } = await stack.outputs();
    const { env } = migrationTask as { env: Record<string, string> };
    const password = new URL(databaseUrl as string).password;
    expect(password.length).toBeGreaterThan(20);
    const shown = await Promise.all([
      stack.pulumi('stack', 'export'),
      stack.pulumi('stack', 'output', '--json'),
      stack.pulumi('preview', '--diff'),
      stack.make('logs', { SERVICE: 'all' }),
    ]);
    for (const secret of [password, demoPassword as string, env['DATABASE_URL'] ?? password]) {
      for (const { output } of shown) expect(output).not.toContain(secret);
    }
  });
});

describe('with nothing changed', () => {
  it('`make up` changes nothing', async () => {
    const { output, code } = await stack.make('up');
    expect(code, output).toBe(0);
    expect(output).toMatch(unchanged);
    expect(output).not.toMatch(changes);
  });

  it.each([
    ['up', '--refresh', '--yes', '--skip-preview'],
    ['preview', '--refresh', '--expect-no-changes'],
    ['preview', '--expect-no-changes'],
  ])('`pulumi %s %s` finds nothing to do', async (...args) => {
    const { output, code } = await stack.pulumi(...args);
    expect(code, output).toBe(0);
    expect(output).toMatch(unchanged);
    expect(output).not.toMatch(changes);
  });

  it('leaves the checkout as git has it', () => {
    expect(checkout.changes()).toBe('');
  });
});

describe('a good release', () => {
  it('replaces what it must, and loses no request', async () => {
    const before = await stack.containers();
    checkout.write(entry, `// Another version.\n${checkout.read(entry)}`);
    const { up, load } = await upUnderLoad('a good release, two replicas');
    expect(up.code, up.output).toBe(0);
    expect(load).toMatchObject({ failed: 0 });
    expect(load.sent).toBeGreaterThan(50);
    const after = await serving();
    expect(after).not.toBe(release);
    expect(load.releases).toEqual(new Set([release, after]));
    const role = 'dev.slipway.role';
    const kept = (list: typeof before) =>
      list
        .filter(({ Labels }) => Labels[role] !== 'api')
        .map(({ Id }) => Id)
        .sort();
    expect(kept(await stack.containers())).toEqual(kept(before));
    release = after;
  });
});

describe('a failing migration', () => {
  const header = '-- slipway: phase=expand reversible=yes\n';

  it('shows in the preview, which runs nothing', async () => {
    checkout.write(
      'migrations/0099_wrong.up.sql',
      `${header}create table wrong (id int);\nselect 1 / 0;\n`,
    );
    checkout.write('migrations/0099_wrong.down.sql', 'drop table wrong;\n');
    const before = await apiContainers();
    const { output, code } = await stack.pulumi('preview');
    expect(code, output).toBe(0);
    expect(output).toContain('1 migration to apply: 0099_wrong');
    expect(await apiContainers()).toEqual(before);
  });

  it('is refused in the preview when the lint finds that it takes something from running code', async () => {
    checkout.write(
      'migrations/0100_rename.up.sql',
      `${header}alter table conversations rename title to name;\n`,
    );
    checkout.write(
      'migrations/0100_rename.down.sql',
      'alter table conversations rename name to title;\n',
    );
    const { output, code } = await stack.pulumi('preview');
    expect(code).not.toBe(0);
    expect(output).toContain('2 migrations to apply: 0099_wrong, 0100_rename');
    expect(output).toContain(
      'takes AccessExclusive on conversations: keeps out readers and writers',
    );
    expect(output).toContain(
      '0100_rename.up.sql:2: error: this takes something away from running code',
    );
    expect(output).not.toContain('0099_wrong.up.sql:');
    checkout.delete('migrations/0100_rename.up.sql');
    checkout.delete('migrations/0100_rename.down.sql');
  });

  it('fails the update with its exit code and last lines, and leaves what serves alone', async () => {
    const before = await apiContainers();
    const { up, load } = await upUnderLoad('a failing migration');
    expect(up.code).not.toBe(0);
    expect(up.output).toMatch(/migrations task failed: exit code 1/);
    expect(up.output).toContain('division by zero');
    expect(up.output).toContain(`Still serving release ${release}`);
    expect(load).toMatchObject({ failed: 0, releases: new Set([release]) });
    expect(await apiContainers()).toEqual(before);
  });

  it('is applied once when it is fixed, with no hand at the state', async () => {
    checkout.write('migrations/0099_wrong.up.sql', `${header}create table wrong (id int);\n`);
    const { up, load } = await upUnderLoad('the migration fixed');
    expect(up.code, up.output).toBe(0);
    expect(up.output).toMatch(/applying 0099_wrong … done/);
    expect(load.failed).toBe(0);
    release = await serving();
    const status = await stack.make('migration-status');
    expect(status.output).toMatch(/0099_wrong/);
  });

  it('is refused in the preview when it is edited after that', async () => {
    checkout.write('migrations/0099_wrong.up.sql', `${header}create table wrong (id bigint);\n`);
    const { output, code } = await stack.pulumi('preview');
    expect(code).not.toBe(0);
    expect(output).toContain('Edited after being applied: 0099_wrong');
    checkout.write('migrations/0099_wrong.up.sql', `${header}create table wrong (id int);\n`);
  });
});

describe('a version that never gets healthy', () => {
  const crash = `if (process.argv[2] === 'serve') {\n  console.log('crashing on purpose');\n  process.exit(7);\n}\n`;

  it.each(['once', 'twice'])('fails the update, %s, and gets no request', async (time) => {
    if (time === 'once') checkout.write(entry, crash + checkout.read(entry));
    const before = await apiContainers();
    const { up, load } = await upUnderLoad(`a version that never gets healthy, ${time}`);
    expect(up.code).not.toBe(0);
    expect(up.output).toMatch(/crashed \d times, last with exit code 7/);
    expect(up.output).toContain('| crashing on purpose');
    expect(load).toMatchObject({ failed: 0, releases: new Set([release]) });
    expect(await apiContainers()).toEqual(before);
  });

  it('gives way to the version before, named again', async () => {
    checkout.edit(entry, crash, '');
    const { up, load } = await upUnderLoad('the step back');
    expect(up.code, up.output).toBe(0);
    expect(load.failed).toBe(0);
    expect(await serving()).toBe(release);
    expect((await apiContainers()).length).toBe(2);
  });
});

describe('with one replica', () => {
  it('a good release loses no request', async () => {
    checkout.edit(`Pulumi.${stack.name}.yaml`, 'replicas: "2"', 'replicas: "1"');
    checkout.write(entry, `// One more version.\n${checkout.read(entry)}`);
    const { up, load } = await upUnderLoad('a good release, to one replica');
    expect(up.code, up.output).toBe(0);
    expect(load.failed).toBe(0);
    checkout.write(entry, `// And one more.\n${checkout.read(entry)}`);
    const again = await upUnderLoad('a good release, one replica');
    expect(again.up.code, again.up.output).toBe(0);
    expect(again.load.failed).toBe(0);
    expect((await apiContainers()).length).toBe(1);
    release = await serving();
  });

  it('a version that starts but answers 503 loses none either', async () => {
    const health = 'app/src/health/routes.ts';
    const good = checkout.read(health);
    checkout.write(health, good.replaceAll('/health/ready', '/health/never'));
    const { up, load } = await upUnderLoad('a version that is never ready, one replica');
    expect(up.code).not.toBe(0);
    expect(up.output).toMatch(/did not become healthy in time/);
    expect(load).toMatchObject({ failed: 0, releases: new Set([release]) });
    checkout.write(health, good);
  });
});

describe('a step back to an older image', () => {
  const file = () => `Pulumi.${stack.name}.yaml`;
  const runImage = (image: string) => checkout.edit(file(), 'build: "true"', `image: ${image}`);
  const runBuild = (image: string) => checkout.edit(file(), `image: ${image}`, 'build: "true"');

  it('over a reversible expand is allowed, and the schema stays', async () => {
    const older = release;
    checkout.write(
      'migrations/0100_topics.up.sql',
      '-- slipway: phase=expand reversible=yes\nalter table conversations add column topic text;\n',
    );
    checkout.write(
      'migrations/0100_topics.down.sql',
      'alter table conversations drop column topic;\n',
    );
    const { up } = await upUnderLoad('a release with an expand');
    expect(up.code, up.output).toBe(0);
    release = await serving();
    runImage(older);
    const back = await upUnderLoad('the step back over the expand');
    expect(back.up.code, back.up.output).toBe(0);
    expect(back.up.output).toContain(
      'does not carry 0100_topics (expand, reversible): they stay applied',
    );
    expect(back.load.failed).toBe(0);
    expect(await serving()).toBe(older);
    runBuild(older);
  });

  it('over a contract step is refused before anything runs, by its name', async () => {
    const older = release;
    checkout.write(
      'migrations/0101_drop_topic.up.sql',
      '-- slipway: phase=contract reversible=no completes=0100_topics\nalter table conversations drop column topic;\n',
    );
    const { up } = await upUnderLoad('a release with a contract step');
    expect(up.code, up.output).toBe(0);
    release = await serving();
    runImage(older);
    const before = await apiContainers();
    const { output, code } = await stack.pulumi('up', '--yes', '--skip-preview');
    expect(code).not.toBe(0);
    expect(output).toContain('cannot go back over 0101_drop_topic (contract, irreversible)');
    expect(await apiContainers()).toEqual(before);
    expect(await serving()).toBe(release);
    runBuild(older);
  });
});
