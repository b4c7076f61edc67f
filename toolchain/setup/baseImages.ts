import { createHash } from 'node:crypto';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { baseImages, standInLabel } from '../../infra/docker-engine/baseImages.ts';
import { dockerHost } from '../../infra/docker-engine/host.ts';
import { dockerClient } from '../../infra/docker-engine/dockerClient.ts';
import { exec } from '../lib/exec.ts';
import { UserFault, messageOf } from '../lib/fault.ts';
import { nodeDir, standIns } from '../lib/paths.ts';
import type { StepResult } from '../lib/progress.ts';
import { unlessMissing } from '../../infra/docker-engine/unlessMissing.ts';
import { debianRecipe, followToEnd, importDebian } from '../stand-ins/debianRootfs.ts';
import { extraAuthorities, type Authority } from '../machine/host.ts';
import { proxyVariables, reachable } from '../machine/reachable.ts';

const debian = 'debian:trixie-slim';
/** Labels of a stand-in: the hash of its sources, and the authorities it trusts. */
export const recipeLabel = 'dev.slipway.recipe';
const authoritiesLabel = 'dev.slipway.authorities';
const npmVersion = '11.21.2';
const recipes = join(standIns, 'images');

type Present = { official: boolean; recipe: string; authorities: string[] } | undefined;

/** How a base image came here, for doctor. */
export async function baseImageOrigin(
  docker: Docker,
  name: string,
): Promise<'official' | 'ours' | 'missing'> {
  const present = await lookUp(docker, name);
  return present === undefined ? 'missing' : present.official ? 'official' : 'ours';
}

/**
 * Makes every base image of infra/docker-engine/baseImages.ts present under its public name: pulled
 * where a registry can be reached, else built from Debian's packages. Whether it can be reached is
 * found out once, and only when something is missing.
 */
export async function ensureBaseImages(note: (line: string) => void): Promise<StepResult> {
  const docker = dockerClient(dockerHost());
  const authorities = extraAuthorities();
  const all = await Promise.all(
    Object.entries(baseImages).map(async ([key, name]) => {
      const present = await lookUp(docker, name);
      return { key, name, present, isUsable: usable(present, recipeHash(key), authorities) };
    }),
  );
  const missing = all.filter(({ isUsable }) => !isUsable);
  const listed = missing.map(({ name }) => name).join(', ');
  if (missing.length === 0) {
    const ours = all.filter(({ present }) => !present?.official).length;
    const count = ours === 0 ? 'official' : `${all.length - ours} official, ${ours} built here`;
    return { found: `${all.map(({ name }) => name).join(', ')} (${count})`, worked: false };
  }
  if (await registryReachable(docker)) {
    note(`pulling ${listed}`);
    await Promise.all(
      missing.map(async ({ name }) => followToEnd(docker, await docker.pull(name))),
    );
    return { found: `pulled ${listed}`, worked: true };
  }
  note('no image registry can be reached: building them from Debian packages');
  await buildAll(docker, missing, authorities, note).catch(renderDiskFull);
  return { found: `built ${listed} in place of the official ones`, worked: true };
}

async function buildAll(
  docker: Docker,
  missing: { key: string; name: string }[],
  authorities: Authority[],
  note: (line: string) => void,
): Promise<void> {
  const labels = (recipe: string, from: string): Record<string, string> => ({
    [standInLabel]: from,
    [recipeLabel]: recipe,
    [authoritiesLabel]: authorities.map(({ id }) => id).join(' '),
  });
  const parent = recipeHash('debian');
  if (!usable(await lookUp(docker, debian), parent, authorities))
    await importDebian(docker, authorities, labels(parent, 'debootstrap trixie'), note);
  // One after the other: two at a time are slower on a small machine's disk, and the network part
  // of each is short.
  for (const { key, name } of missing) {
    note(`building ${name}`);
    await build(docker, key, name, labels(recipeHash(key), `${debian} and Debian packages`));
  }
}

async function build(
  docker: Docker,
  key: string,
  name: string,
  labels: Record<string, string>,
): Promise<void> {
  const context = mkdtempSync(join(tmpdir(), 'slipway-image.'));
  try {
    cpSync(join(recipes, key), context, { recursive: true });
    if (key === 'node') await addNode(context);
    const files = globSync('**', { cwd: context }).filter(
      (file) => file !== '.' && statSync(join(context, file)).isFile(),
    );
    const buildargs = proxyVariables();
    const old = await docker
      .getImage(name)
      .inspect()
      .catch(() => undefined);
    const stream = await docker.buildImage(
      { context, src: files },
      { t: name, labels, buildargs, forcerm: true, nocache: true },
    );
    await followToEnd(docker, stream);
    if (old)
      await docker
        .getImage(old.Id)
        .remove()
        .catch(() => undefined); // still used by something: its own time comes
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

async function addNode(context: string): Promise<void> {
  cpSync(nodeDir, join(context, 'bin'), {
    recursive: true,
    filter: (file) => statSync(file).isDirectory() || file.endsWith('/node'),
  });
  await exec('npm', ['pack', '--silent', `npm@${npmVersion}`, '--pack-destination', context], {
    cwd: context,
  });
  await exec('tar', ['-xzf', `npm-${npmVersion}.tgz`], { cwd: context });
  rmSync(join(context, `npm-${npmVersion}.tgz`));
  cpSync(join(context, 'package'), join(context, 'npm'), { recursive: true });
  rmSync(join(context, 'package'), { recursive: true });
}

/** Asks the registry itself; a mirror that the engine is set up with counts as well. */
async function registryReachable(docker: Docker): Promise<boolean> {
  const info = (await docker.info()) as { RegistryConfig?: { Mirrors?: string[] } };
  const mirrors = info.RegistryConfig?.Mirrors ?? [];
  const answers = await Promise.all(
    [...mirrors, 'https://registry-1.docker.io/v2/'].map((url) => reachable(url)),
  );
  return answers.includes(true);
}

async function lookUp(docker: Docker, name: string): Promise<Present> {
  const image = await unlessMissing(docker.getImage(name).inspect());
  if (!image) return undefined;
  const labels = image.Config.Labels ?? {};
  const authorities = (labels[authoritiesLabel] ?? '').split(' ');
  return {
    official: labels[standInLabel] === undefined,
    recipe: labels[recipeLabel] ?? '',
    authorities,
  };
}

/**
 * An official image always serves; ours serves while its recipe is today's and it trusts what this
 * machine trusts.
 */
function usable(image: Present, recipe: string, authorities: Authority[]): boolean {
  if (image === undefined) return false;
  return (
    image.official ||
    (image.recipe === recipe && authorities.every(({ id }) => image.authorities.includes(id)))
  );
}

/** The hash of a stand-in's sources, those of its parent included. */
function recipeHash(key: string): string {
  const hash = createHash('sha256');
  if (key === 'debian') {
    hash.update(debianRecipe);
  } else {
    hash.update(recipeHash('debian'));
    for (const file of globSync('**', { cwd: join(recipes, key) }).sort()) {
      const path = join(recipes, key, file);
      if (statSync(path).isFile()) hash.update(file).update('\0').update(readFileSync(path));
    }
    if (key === 'node') hash.update(npmVersion).update(process.version);
  }
  return hash.digest('hex').slice(0, 16);
}

function renderDiskFull(error: unknown): never {
  if (/no space left on device/i.test(messageOf(error))) {
    throw new UserFault(
      'The disk is full: a base image could not be built.',
      'Make room (`docker system df` shows what Docker holds, `docker system prune` frees what nothing uses), then run `make up` again.',
      { cause: error },
    );
  }
  throw error;
}
