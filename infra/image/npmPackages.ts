import { execFile } from 'node:child_process';
import { constants, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { copyFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { UserError } from '../config/userError.ts';

/**
 * Where the image's build finds its npm packages, relative to its context. The build itself reaches
 * no registry, so it needs no proxy and no token, and none can end up in a state, a preview or an
 * image's history.
 */
export const packagesFolder = '.slipway/npm';

/** An entry in package-lock.json, as far as it says whether the image needs it. */
interface Locked {
  name?: string;
  version?: string;
  resolved?: string;
  integrity?: string;
  dev?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
}

interface Lockfile {
  packages: Record<string, Locked & { optionalDependencies?: Record<string, string> }>;
}

/** A package, and where npm keeps its tarball in a cache: by its content. */
interface Tarball {
  spec: string;
  path: string;
}

/**
 * Brings the packages of package-lock.json that the image needs, about 16 MB, from npm's cache; what
 * that lacks is fetched by npm, with the registry, token and proxy that it is configured with.
 *
 * @param context absolute path of the build context
 * @param architecture of the image, `amd64` or `arm64`
 * @throws UserError when one cannot be had
 */
export async function bringPackages(context: string, architecture: string): Promise<void> {
  const lockfile = readLockfile(context);
  const tarballs = neededTarballs(lockfile, architecture === 'amd64' ? 'x64' : architecture);
  const store = join(context, packagesFolder);
  const missing = tarballs.filter(({ path }) => !existsSync(join(store, path)));
  if (missing.length > 0) await copyTarballs(context, store, missing);
  removeOthers(store, tarballs);
  await put(join(store, 'package-lock.json'), (file) =>
    writeFile(file, JSON.stringify(withAddresses(lockfile), null, 2)),
  );
}

async function copyTarballs(context: string, store: string, missing: Tarball[]): Promise<void> {
  const cache = (await npm(context, ['config', 'get', 'cache'])).trim();
  const lacking = missing.filter(({ path }) => !existsSync(join(cache, path)));
  // Many at once, and no more than a command line takes.
  for (let first = 0; first < lacking.length; first += 100) {
    const specs = lacking.slice(first, first + 100).map(({ spec }) => spec);
    await npm(context, ['cache', 'add', '--cache', cache, ...specs]);
  }
  for (const { spec, path } of missing) {
    const from = join(cache, path);
    if (!existsSync(from))
      throw new UserError(
        `The app image needs ${spec}, and the registry gives another content than package-lock.json names. ` +
          'Check the registry (`npm config get registry`), or the lockfile.',
      );
    await put(join(store, path), (file) => copyFile(from, file, constants.COPYFILE_FICLONE));
  }
}

/** Makes a file in one step: another stack of this checkout may be reading. */
async function put(file: string, make: (part: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const part = `${file}.${process.pid}`;
  await make(part);
  await rename(part, file);
}

/** What is installed into the image: nothing of the toolchain, nothing for another platform. */
function neededTarballs({ packages }: Lockfile, cpu: string): Tarball[] {
  const laptopOnly = packages['']?.optionalDependencies ?? {};
  const fits = (allowed: string[] | undefined, own: string) => !allowed || allowed.includes(own);
  return Object.entries(packages).flatMap(([path, locked]) => {
    const { version, integrity, dev } = locked;
    const name = packageName(path, locked);
    if (!version || !integrity || dev || name in laptopOnly) return [];
    if (!fits(locked.os, 'linux') || !fits(locked.cpu, cpu) || !fits(locked.libc, 'glibc'))
      return [];
    const [algorithm = '', digest = ''] = integrity.split(' ', 1)[0]?.split(/-(.*)/, 2) ?? [];
    const hex = Buffer.from(digest, 'base64').toString('hex');
    const place = join('_cacache/content-v2', algorithm, hex.slice(0, 2), hex.slice(2, 4));
    return [{ spec: `${name}@${version}`, path: join(place, hex.slice(4)) }];
  });
}

/**
 * npm takes a tarball from its cache unasked only where the lockfile says where it came from. Nobody
 * is asked at that address: it is found by its content.
 */
function withAddresses({ packages, ...rest }: Lockfile): unknown {
  const addressed = Object.entries(packages).map(([path, locked]) => {
    const { version = '', integrity, resolved } = locked;
    if (!integrity) return [path, locked];
    const name = packageName(path, locked);
    const address = `https://npm-cache.invalid/${name}-${version}.tgz`;
    return [path, { ...locked, resolved: resolved ?? address }];
  });
  return { ...rest, packages: Object.fromEntries(addressed) as unknown };
}

const packageName = (path: string, { name }: Locked): string =>
  name ?? path.split('node_modules/').at(-1) ?? path;

/** Takes away what an older lockfile needed: the builder would get it each time. */
function removeOthers(store: string, tarballs: Tarball[]): void {
  const kept = new Set(tarballs.map(({ path }) => path));
  const content = '_cacache/content-v2';
  for (const entry of readdirSync(join(store, content), { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile() && !kept.has(relative(store, file))) rmSync(file, { force: true });
  }
}

function readLockfile(context: string): Lockfile {
  const file = join(context, 'package-lock.json');
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Lockfile;
  } catch (error) {
    throw new UserError(
      `${file} cannot be read: ${(error as Error).message}. Restore it: \`git checkout package-lock.json\`.`,
    );
  }
}

/** @returns what npm prints @throws UserError with npm's own words, logins left out */
async function npm(context: string, args: string[]): Promise<string> {
  try {
    // In the context, so that its .npmrc counts.
    return (await promisify(execFile)('npm', args, { cwd: context, maxBuffer: 1e8 })).stdout;
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    const said = (stderr || message).trim().split('\n').slice(-10).join('\n');
    throw new UserError(
      `The packages of the app image could not be fetched; nothing was changed. npm says:\n` +
        said.replace(/\/\/[^\s/@]+@/g, '//'),
    );
  }
}
