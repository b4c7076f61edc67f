import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { keptConfigPath } from '../../gateway/gatewayScript.ts';
import { requireImage } from '../../docker-engine/imageIdentity.ts';
import { dockerHost } from '../../docker-engine/host.ts';
import { throwAwayEnvironment } from '../../environment.ts';
import { baseImages } from '../../docker-engine/baseImages.ts';
import type { CompatibilityOptions } from './compatibilityCheck.ts';
import { TaskError } from '../../tasks/taskRunner.ts';
import { containerExec } from '../../docker-engine/containerExec.ts';
import { DockerCompatibilityCheck } from './dockerCompatibilityCheck.ts';
import { dockerClient } from '../../docker-engine/dockerClient.ts';

const host = dockerHost();
const docker = dockerClient(host);
const root = resolve(import.meta.dirname, '../../..');
const run = randomBytes(4).toString('hex');
const name = `slipway-compatibility-test-${run}`;
const label = 'dev.slipway.test';
const labelled = (role: string) => ({ [label]: `${run}-${role}` });
const found = (role: string) =>
  docker.listContainers({ all: true, filters: { label: [`${label}=${run}-${role}`] } });

const images: string[] = [];
let bundle: string;
let deployed: string;
/** What the release calls it: in containerd's store the engine's id is another. */
let deployedRelease: string;
let postgres: string;
const ownerUrl = 'postgres://slipway:of-the-stack@postgres:5432/slipway';
const appUrl = 'postgres://slipway_app:of-the-stack-too@postgres:5432/slipway';

/** Builds the Dockerfile of a folder with its files. */
async function buildFolder(folder: string, src: string[]): Promise<string> {
  const stream = await docker.buildImage({ context: folder, src: ['Dockerfile', ...src] }, {});
  const output = await new Promise<{ aux?: { ID: string } }[]>((done, fail) => {
    docker.modem.followProgress(stream, (error, lines) => (error ? fail(error) : done(lines)));
  });
  const id = output.find(({ aux }) => aux)?.aux?.ID;
  if (!id) throw new Error(JSON.stringify(output.at(-1)));
  images.unshift(id);
  return id;
}

async function build(dockerfile: string, files: Record<string, string> = {}): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-compatibility-'));
  for (const [file, text] of Object.entries({ ...files, Dockerfile: dockerfile }))
    writeFileSync(join(folder, file), text);
  try {
    return await buildFolder(folder, Object.keys(files));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** An image of the app with one more migration. */
const release = (sql: string) =>
  build(`FROM ${deployed}\nCOPY *.sql /app/migrations/`, {
    '0090_next.up.sql': `-- slipway: phase=expand reversible=no\n${sql}`,
  });

async function start(
  image: string,
  role: string,
  command: string[],
  envs: string[],
  alias: string,
): Promise<string> {
  const container = await docker.createContainer({
    Image: image,
    Cmd: command,
    Env: envs,
    Labels: labelled(role),
    NetworkingConfig: { EndpointsConfig: { [name]: { Aliases: [alias] } } },
    HostConfig: { NetworkMode: name },
  });
  await container.start();
  return container.id;
}

const deploy = (image: string, databaseUrl = appUrl) =>
  start(
    image,
    'api',
    ['serve'],
    Object.entries(
      throwAwayEnvironment({ databaseUrl, schema: 'public', release: image, port: 3000 }),
    ).map(([k, v]) => `${k}=${v}`),
    'api',
  );

async function undeploy(): Promise<void> {
  for (const { Id } of await found('api')) await docker.getContainer(Id).remove({ force: true });
}

const sql = async (statement: string) => {
  const command = [
    'psql',
    '-U',
    'slipway',
    '-d',
    'slipway',
    '-At',
    '-v',
    'ON_ERROR_STOP=1',
    '-c',
    statement,
  ];
  const { exitCode, stdout, stderr } = await containerExec(docker, postgres, command);
  if (exitCode !== 0) throw new Error(stderr);
  return stdout.trim();
};

// The app's image, as the Dockerfile makes it but for npm, on a database of its own.
beforeAll(async () => {
  bundle = mkdtempSync(join(tmpdir(), 'slipway-compatibility-bundle-'));
  execFileSync(process.execPath, [join(root, 'app/build.ts'), join(bundle, 'app')]);
  execFileSync('tar', ['-cf', join(bundle, 'context.tar'), '-C', bundle, 'app']);
  writeFileSync(
    join(bundle, 'Dockerfile'),
    `FROM ${baseImages.node}\nENV NODE_ENV=production\nADD context.tar /\nUSER 1000\nENTRYPOINT ["node", "/app/main.js"]\n`,
  );
  deployed = await buildFolder(bundle, ['context.tar']);
  deployedRelease = (await requireImage(docker, deployed)).imageId;

  await docker.createNetwork({ Name: name });
  const envs = ['POSTGRES_USER=slipway', 'POSTGRES_DB=slipway', 'POSTGRES_PASSWORD=of-the-stack'];
  postgres = await start(baseImages.postgres, 'postgres', [], envs, 'postgres');
  const migrate = await start(
    deployed,
    'task',
    ['migrate', 'up'],
    [`DATABASE_URL=${ownerUrl}`, `APP_DATABASE_URL=${appUrl}`, 'MIGRATE_CONNECT_WAIT_MS=120000'],
    'task',
  );
  const { StatusCode } = (await docker.getContainer(migrate).wait()) as { StatusCode: number };
  expect(StatusCode).toBe(0);
  await sql(
    "insert into users (id, handle, email, display_name, password_hash) values (gen_random_uuid(), 'ada', 'a@example.com', 'Ada', 'x')",
  );
  // A role that a migration may grant something to.
  await sql('create role reader');
}, 240_000);

afterAll(async () => {
  for (const role of ['api', 'task', 'postgres', 'check', 'migration', 'gateway']) {
    for (const { Id } of await found(role))
      await docker.getContainer(Id).remove({ force: true, v: true });
  }
  await docker.getNetwork(name).remove();
  for (const image of images)
    await docker
      .getImage(image)
      .remove({ force: true })
      .catch(() => undefined);
  rmSync(bundle, { recursive: true, force: true });
}, 120_000);

function check(image: string, signal = new AbortController().signal) {
  const options: CompatibilityOptions = {
    migrate: ['migrate', 'up'],
    migrateTimeoutMs: 60_000,
    signal,
  };
  return new DockerCompatibilityCheck({
    host,
    image,
    app: {
      serve: ['serve'],
      smoke: ['smoke'],
      port: 3000,
      readinessPath: '/health/ready',
      memoryMb: 256,
      referenceTables: ['models'],
      readinessTimeoutSeconds: 40,
    },
    deployedLabels: labelled('api'),
    gatewayLabels: labelled('gateway'),
    migrationLabels: labelled('migration'),
    database: {
      labels: labelled('postgres'),
      owner: 'slipway',
      user: 'slipway_app',
      name: 'slipway',
    },
    schema: 'public',
    labels: labelled('check'),
    name,
  }).run(options);
}

/** All that carries the labels of a check. */
async function left(): Promise<string[]> {
  const networks = await docker.listNetworks({ filters: { label: [`${label}=${run}-check`] } });
  return [
    ...(await found('check')).map(({ Names }) => Names.join()),
    ...networks.map(({ Name }) => Name),
  ];
}

// Generous: these start half a dozen containers each, perhaps beside other work.
const options = { concurrent: false, timeout: 300_000 };

describe('the schema of a release', options, () => {
  it('is not checked where nothing is deployed', async () => {
    const next = await release('SELECT 1;');
    expect(await check(next)).toMatchObject({ outcome: 'unchecked', severity: 'info' });
  });
});

describe('the deployed version on the schema of a release', options, () => {
  beforeAll(() => deploy(deployed));
  afterAll(undeploy);

  it('passes where the migration takes nothing away, and the stack’s database stays as it was', async () => {
    const next = await release(
      'ALTER TABLE users ADD COLUMN phone text; GRANT SELECT ON users TO reader;',
    );
    const started = performance.now();
    expect(await check(next)).toMatchObject({ outcome: 'passed', deployed: [deployedRelease] });
    console.log(`checked in ${((performance.now() - started) / 1000).toFixed(1)} s`);
    expect(
      await sql("select count(*) from information_schema.columns where column_name = 'phone'"),
    ).toBe('0');
    expect(await sql('select count(*) from users')).toBe('1');
    expect(await left()).toEqual([]);
  });

  it('fails where it takes away what that version uses, and says which check and why', async () => {
    const next = await release('ALTER TABLE conversations RENAME COLUMN title TO subject;');
    const result = await check(next);
    expect(result).toMatchObject({ outcome: 'failed', deployed: deployedRelease });
    if (result.outcome !== 'failed') return;
    expect(result.failures[0]).toMatchObject({
      name: 'a conversation is started',
      expected: 'POST /api/conversations to answer 201',
      got: expect.stringMatching(/^500 /) as string,
    });
    expect(result.logged.join('\n')).toMatch(/column .*title.* does not exist/);
    expect(await left()).toEqual([]);
  });

  it.each([
    ['row security', 'ALTER TABLE conversations ENABLE ROW LEVEL SECURITY;'],
    ['a right', 'REVOKE INSERT ON conversations FROM slipway_app;'],
  ])('fails where the migration takes its rights from it: %s', async (_what, text) => {
    expect(await check(await release(text))).toMatchObject({
      outcome: 'failed',
      deployed: deployedRelease,
    });
  });

  it('passes where a table takes the place of another, with the rights of the one before', async () => {
    const next = await release(
      `ALTER TABLE refresh_tokens RENAME TO old_tokens;
       CREATE TABLE refresh_tokens (LIKE old_tokens INCLUDING ALL); DROP TABLE old_tokens;`,
    );
    expect(await check(next)).toMatchObject({ outcome: 'passed' });
  });

  it('says when the migration itself fails, with its last lines', async () => {
    const result = await check(await release('CREATE TABLE t (id int);\nSELECT 1 / 0;'));
    expect(result).toMatchObject({ outcome: 'migrationFailed', reason: 'exit code 1' });
    expect(result.outcome === 'migrationFailed' && result.tail.join('\n')).toContain(
      'division by zero',
    );
    expect(await left()).toEqual([]);
  });

  it('is not checked while the migration of a killed update still runs', async () => {
    const next = await release('SELECT 2;');
    const running = await start(baseImages.node, 'migration', ['sleep', '60'], [], 'migration');
    expect(await check(next)).toMatchObject({
      outcome: 'unchecked',
      reason: expect.stringContaining('is still running') as string,
    });
    await docker.getContainer(running).remove({ force: true });
  });

  it('leaves nothing behind when it is cancelled, and removes what a killed one left', async () => {
    const orphan = await docker.createContainer({
      Image: baseImages.node,
      Labels: labelled('check'),
    });
    const next = await release('SELECT pg_sleep(60);');
    const controller = new AbortController();
    const result = check(next, controller.signal);
    result.catch(() => undefined);
    // The network, Postgres and the migration: it is in the middle of its work.
    for (let tries = 0; (await left()).length < 3; tries++) {
      if (tries > 1200) throw new Error('it did not start');
      await sleep(100);
    }
    controller.abort();
    await expect(result).rejects.toThrow(TaskError);
    await expect(result).rejects.toThrow('cancelled');
    expect(await left()).toEqual([]);
    await expect(orphan.inspect()).rejects.toThrow(/no such container/i);
  });

  it('is what the gateway sends requests to, not what a failed release has left running', async () => {
    const left = await deploy(await build(`FROM ${baseImages.node}\nENTRYPOINT ["sleep", "600"]`));
    const [serving] = await found('api').then((all) => all.filter(({ Id }) => Id !== left));
    const gateway = await start(baseImages.nginx, 'gateway', ['sleep', '600'], [], 'gateway');
    expect(await check(await release('SELECT 5;'))).toMatchObject({
      outcome: 'unchecked',
      severity: 'info',
    });
    const kept = `upstream api {\n  server ${serving?.Names[0]?.slice(1)}:3000;\n}\n`;
    const keep = ['bash', '-c', `mkdir -p /etc/slipway && cat > ${keptConfigPath}`];
    expect(await containerExec(docker, gateway, keep, { input: kept, user: '0' })).toMatchObject({
      exitCode: 0,
    });
    expect(await check(await release('SELECT 6;'))).toMatchObject({
      outcome: 'passed',
      deployed: [deployedRelease],
    });
    for (const id of [left, gateway]) await docker.getContainer(id).remove({ force: true });
  });

  it('is not checked where the release itself is what runs', async () => {
    expect(await check(deployed)).toMatchObject({ outcome: 'unchecked', severity: 'info' });
  });
});

describe('a deployed version of another kind', options, () => {
  afterEach(undeploy);

  it('fails where that version does not even start', async () => {
    const script =
      "setTimeout(() => process.exit(7), process.env.DATABASE_URL.includes('of-the-stack') ? 1e6 : 0)";
    await deploy(
      await build(`FROM ${baseImages.node}\nENTRYPOINT ["node", "-e", ${JSON.stringify(script)}]`),
    );
    expect(await check(await release('SELECT 3;'))).toMatchObject({
      outcome: 'failed',
      failures: [{ got: 'it ended with exit code 7' }],
    });
  });

  it('fails where its open connections hold the plan of a statement whose result changes', async () => {
    // A version that names its statements, so that each connection keeps their plans.
    const script = [
      "const fs = require('fs'); const file = '/app/main.js';",
      "const name = (_, space) => 'query({name:' + JSON.stringify('find') + ',' + space + 'text:`SELECT id';",
      "fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(/query\\(\\{(\\s*)text:[`']SELECT id(?=, ?role)/, name).replace(/(text:`SELECT id, role[^'`]*)'/, '$1`'));",
      "if (!fs.readFileSync(file, 'utf8').includes('name:' + JSON.stringify('find'))) throw new Error('nothing to name');",
    ].join(' ');
    const naming = await build(
      `FROM ${deployed}\nUSER root\nCOPY name.js /\nRUN node /name.js\nUSER 1000`,
      { 'name.js': script.replaceAll('\\\\', '\\') },
    );
    await deploy(naming);
    const result = await check(
      await release('ALTER TABLE users ALTER COLUMN role TYPE varchar(16);'),
    );
    expect(result).toMatchObject({
      outcome: 'failed',
      deployed: (await requireImage(docker, naming)).imageId,
    });
    if (result.outcome !== 'failed') return;
    expect(result.logged.join('\n')).toContain('cached plan must not change result type');
  });

  it('warns where that version is ready but carries no checks of its own, and lets the release go on', async () => {
    const script = [
      "if (process.argv[1] === 'serve') require('http').createServer((_, res) => res.end()).listen(3000)",
      "else { console.log('There is no role.'); process.exitCode = 2 }",
    ].join('\n');
    await deploy(
      await build(`FROM ${baseImages.node}\nENTRYPOINT ["node", "-e", ${JSON.stringify(script)}]`),
    );
    expect(await check(await release('SELECT 4;'))).toMatchObject({
      outcome: 'unchecked',
      severity: 'warning',
      reason: expect.stringContaining('becomes ready there') as string,
    });
    expect(await left()).toEqual([]);
  });

  it('passes where it signed in as the owner still: the release makes the role', async () => {
    await sql('DROP OWNED BY slipway_app');
    await sql('DROP ROLE slipway_app');
    await deploy(deployed, ownerUrl);
    expect(await check(await release('CREATE TABLE later (id int);'))).toMatchObject({
      outcome: 'passed',
    });
  });
});
