import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { UserError } from '../config/userError.ts';
import { buildHash } from './buildContext.ts';
import { bringPackages, packagesFolder } from './npmPackages.ts';

const token = 'npm_Secret0123456789';
const integrityOf = (text: string) =>
  `sha512-${createHash('sha512').update(text).digest('base64')}`;

let context: string;
let registry: Server;
let asked: string[];
/** A tarball for each name that the registry has. */
let published: Record<string, string>;

/** A private registry: without its token it gives nothing. */
function serve(): Server {
  return createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    asked.push(path);
    const name = path.slice(1).replace(/\/-\/.*/, '');
    const tarball = published[name];
    if (request.headers.authorization !== `Bearer ${token}`) response.writeHead(401).end('{}');
    else if (tarball === undefined) response.writeHead(404).end('{}');
    else if (path.endsWith('.tgz')) response.end(tarball);
    else {
      const dist = {
        tarball: `${address()}${name}/-/${name}-1.0.0.tgz`,
        integrity: integrityOf(tarball),
      };
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          name,
          'dist-tags': { latest: '1.0.0' },
          versions: { '1.0.0': { name, version: '1.0.0', dist } },
        }),
      );
    }
  });
}
const address = () => `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`;

function configure(secret: string): void {
  const { host } = new URL(address());
  writeFileSync(
    join(context, '.npmrc'),
    `registry=${address()}\n//${host}/:_authToken=${secret}\ncache=${join(context, 'cache')}\n`,
  );
}

function lock(packages: Record<string, object>): void {
  writeFileSync(
    join(context, 'package-lock.json'),
    JSON.stringify({ name: 'app', lockfileVersion: 3, packages }),
  );
}

const locked = (tarball: string, more: object = {}) => ({
  version: '1.0.0',
  integrity: integrityOf(tarball),
  ...more,
});

/** All files that the build finds, as one text. */
function store(): string {
  const folder = join(context, packagesFolder);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}

beforeEach(async () => {
  context = mkdtempSync(join(tmpdir(), 'slipway-npm-'));
  mkdirSync(join(context, 'app'));
  writeFileSync(join(context, 'app/Dockerfile'), 'FROM x');
  writeFileSync(join(context, 'package.json'), '{"name":"app","version":"1.0.0"}');
  writeFileSync(
    join(context, '.dockerignore'),
    '*\n!app\n!package.json\n!package-lock.json\n!.slipway/npm\n',
  );
  asked = [];
  published = {};
  registry = serve();
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  // npm that runs this test hands its own settings on.
  for (const name of Object.keys(process.env).filter((key) => /^npm_config_/i.test(key)))
    vi.stubEnv(name, undefined);
  configure(token);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  rmSync(context, { recursive: true, force: true });
  await new Promise((resolve) => registry.close(resolve));
});

it('come from a private registry, whose token does not go along', async () => {
  published = { one: 'tarball of one', two: 'tarball of two' };
  lock({
    '': { name: 'app' },
    'node_modules/one': locked('tarball of one'),
    'node_modules/one/node_modules/two': locked('tarball of two'),
  });
  await bringPackages(context, 'amd64');
  expect(store()).toContain('tarball of one');
  expect(store()).toContain('tarball of two');
  expect(store()).toContain('https://npm-cache.invalid/two-1.0.0.tgz');
  expect(store()).not.toContain(token);
  expect(store()).not.toContain('127.0.0.1');
}, 60_000);

it('are those of the image alone: no tool, nothing for another platform', async () => {
  published = Object.fromEntries(
    ['app', 'dev', 'tool', 'mac', 'arm', 'musl', 'intel'].map((name) => [name, `the ${name}`]),
  );
  lock({
    '': { name: 'app', optionalDependencies: { tool: '1.0.0' } },
    'node_modules/app': locked('the app'),
    'node_modules/dev': locked('the dev', { dev: true }),
    'node_modules/tool': locked('the tool', { optional: true }),
    'node_modules/mac': locked('the mac', { os: ['darwin'] }),
    'node_modules/arm': locked('the arm', { os: ['linux'], cpu: ['arm64'] }),
    'node_modules/musl': locked('the musl', { os: ['linux'], libc: ['musl'] }),
    'node_modules/intel': locked('the intel', { cpu: ['x64'], libc: ['glibc'] }),
  });
  await bringPackages(context, 'amd64');
  const names = asked.map((path) => path.split('/')[1]);
  expect([...new Set(names)].sort()).toEqual(['app', 'intel']);
}, 60_000);

it('are fetched once, and what is no longer needed goes', async () => {
  published = { one: 'tarball of one', two: 'tarball of two' };
  lock({ 'node_modules/one': locked('tarball of one') });
  await bringPackages(context, 'amd64');
  asked = [];
  await bringPackages(context, 'amd64');
  expect(asked).toEqual([]);
  lock({ 'node_modules/two': locked('tarball of two') });
  await bringPackages(context, 'amd64');
  expect(store()).toContain('tarball of two');
  expect(store()).not.toContain('tarball of one');
}, 60_000);

it('make the same image whatever the token, the registry and the proxy are', async () => {
  published = { one: 'tarball of one' };
  lock({ 'node_modules/one': locked('tarball of one') });
  const hash = () =>
    buildHash({ context, dockerfile: 'app/Dockerfile', buildArgs: {}, baseImages: ['sha256:a'] });
  const before = hash();
  await bringPackages(context, 'amd64');
  expect(hash()).toBe(before);
  configure('npm_Another0123456789');
  vi.stubEnv('HTTP_PROXY', 'http://joe:s3cret@proxy.example:3128');
  expect(hash()).toBe(before);
}, 60_000);

it.each([
  ['a token that is refused', () => configure('npm_Wrong0123456789'), /npm says:[^]*401/],
  ['a package that is not there', () => void (published = {}), /npm says:[^]*404/],
  ['another content', () => void (published = { one: 'changed' }), /another content/],
])(
  'that cannot be had end with the reason, and no login: %s',
  async (_what, spoil, reason) => {
    published = { one: 'tarball of one' };
    lock({ 'node_modules/one': locked('tarball of one') });
    spoil();
    const failed = bringPackages(context, 'amd64');
    await expect(failed).rejects.toThrow(UserError);
    await expect(failed).rejects.toThrow(reason);
    await expect(failed).rejects.not.toThrow(/npm_(Wrong|Secret)/);
  },
  60_000,
);

it('name the lockfile that cannot be read', async () => {
  writeFileSync(join(context, 'package-lock.json'), '<<<<<<< HEAD');
  await expect(bringPackages(context, 'amd64')).rejects.toThrow(/package-lock.json cannot be read/);
});
