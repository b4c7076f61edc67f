import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { exec, which } from '../lib/exec.ts';
import { UserFault } from '../lib/fault.ts';
import { aptInstall, debianMirror, isDebianRoot, type Authority } from '../machine/host.ts';

const release = 'trixie';

// Debian's slim images leave these out.
const slimming = ['path-exclude /usr/share/doc/*', 'path-include /usr/share/doc/*/copyright']
  .concat(
    ['man', 'info', 'groff', 'lintian', 'linda'].map((name) => `path-exclude /usr/share/${name}/*`),
  )
  .concat('path-exclude /usr/share/locale/*', 'path-include /usr/share/locale/locale.alias');

/**
 * Decides the image besides the packages' versions. Raise the number when `importDebian` changes.
 */
export const debianRecipe = JSON.stringify({ release, slimming, revision: 1 });

/**
 * Makes `debian:trixie-slim` from Debian's own packages, trusting the given authorities, and
 * imports it under that name.
 */
export async function importDebian(
  docker: Docker,
  authorities: Authority[],
  labels: Record<string, string>,
  note: (line: string) => void,
): Promise<void> {
  if (!isDebianRoot()) {
    throw new UserFault(
      'No image registry can be reached, and base images can be built only as root on Debian.',
      'Make a registry reachable (a mirror in /etc/docker/daemon.json serves too), or load the images of infra/docker-engine/baseImages.ts with `docker load`.',
    );
  }
  if (!which('debootstrap')) {
    note("installing Debian's debootstrap");
    await aptInstall(['debootstrap']);
  }
  const scratch = mkdtempSync('/var/tmp/slipway-debian.');
  try {
    const folder = join(scratch, 'root');
    await bootstrap(folder, note);
    await trust(folder, authorities);
    emptyFolders(folder);
    await importFolder(docker, folder, labels);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A Debian without what slim images leave out, and with apt and dpkg set up as they have them. */
async function bootstrap(folder: string, note: (line: string) => void): Promise<void> {
  const mirror = debianMirror();
  note(`debootstrap ${release} from ${mirror}`);
  const options = ['--variant=minbase', '--include=ca-certificates'];
  await exec('debootstrap', [...options, release, folder, mirror]);
  const put = (path: string, text: string): void => writeFileSync(join(folder, path), text);
  put('etc/apt/sources.list', aptSources(mirror));
  put('etc/dpkg/dpkg.cfg.d/docker', `${slimming.join('\n')}\nforce-unsafe-io\n`);
  put(
    'etc/apt/apt.conf.d/docker-clean',
    'Dir::Cache::pkgcache "";\nDir::Cache::srcpkgcache "";\nAPT::Keep-Downloaded-Packages "false";\n',
  );
  // Nothing in an image is started by its package.
  writeFileSync(join(folder, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
}

async function trust(folder: string, authorities: Authority[]): Promise<void> {
  const certificates = join(folder, 'usr/local/share/ca-certificates');
  mkdirSync(certificates, { recursive: true });
  for (const { id, pem } of authorities)
    writeFileSync(join(certificates, `host-${id}.crt`), `${pem}\n`);
  await exec('chroot', [folder, 'update-ca-certificates'], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
}

function emptyFolders(folder: string): void {
  for (const unneeded of [
    'usr/share/doc',
    'usr/share/man',
    'usr/share/locale',
    'var/lib/apt/lists',
    'var/cache/apt',
    'var/log',
  ]) {
    rmSync(join(folder, unneeded), { recursive: true, force: true });
    mkdirSync(join(folder, unneeded), { recursive: true });
  }
  for (const needed of ['var/lib/apt/lists/partial', 'var/cache/apt/archives/partial'])
    mkdirSync(join(folder, needed), { recursive: true });
}

async function importFolder(
  docker: Docker,
  folder: string,
  labels: Record<string, string>,
): Promise<void> {
  const tar = spawn('tar', ['-C', folder, '--numeric-owner', '--one-file-system', '-c', '.'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const changes = [
    'CMD ["bash"]',
    ...Object.entries(labels).map(([key, value]) => `LABEL ${key}=${JSON.stringify(value)}`),
  ];
  const progress = await docker.importImage(tar.stdout, {
    repo: 'debian',
    tag: `${release}-slim`,
    changes,
  });
  await followToEnd(docker, progress);
}

function aptSources(mirror: string): string {
  const security = mirror.replace(/\/debian$/, '/debian-security');
  return [
    `deb ${mirror} ${release} main`,
    `deb ${mirror} ${release}-updates main`,
    `deb ${security} ${release}-security main`,
  ]
    .join('\n')
    .concat('\n');
}

/**
 * Reads a progress stream of the Docker API to its end and gives its text; throws the error it
 * carries.
 */
export async function followToEnd(docker: Docker, stream: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(
      stream,
      (error: Error | null, events: { stream?: string; error?: string }[]) => {
        const text = events?.map((event) => event.stream ?? '').join('') ?? '';
        const failure = error?.message ?? events?.find((event) => event.error)?.error;
        if (failure)
          reject(new Error(`${failure}\n${text.trimEnd().split('\n').slice(-30).join('\n')}`));
        else resolve(text);
      },
    );
  });
}
