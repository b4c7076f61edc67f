import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { exec, which } from '../lib/exec.ts';
import { UserFault } from '../lib/fault.ts';

/** Whether apt can be used here: Debian or a child of it, and we are root. */
export function isDebianRoot(): boolean {
  return (
    process.getuid?.() === 0 && existsSync('/etc/debian_version') && which('apt-get') !== undefined
  );
}

let aptListsFresh = false;
let aptQueue: Promise<unknown> = Promise.resolve();

/**
 * Installs Debian packages without recommends and without a question; one call at a time, as apt's
 * lock wants it.
 */
export function aptInstall(packages: string[]): Promise<void> {
  const mine = aptQueue.then(async () => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    if (!aptListsFresh) {
      await exec('apt-get', ['update', '-qq'], { env }).catch((error: unknown) => {
        throw new UserFault(
          'apt-get update failed.',
          'Check the network and /etc/apt/sources.list*, then run `make up` again.',
          {
            cause: error,
          },
        );
      });
      aptListsFresh = true;
    }
    // policy-rc.d would be the way to keep services from starting; where systemd runs, a started
    // service is welcome.
    await exec('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
      env,
    });
  });
  aptQueue = mine.catch(() => undefined);
  return mine;
}

/**
 * The Debian mirror of this machine (a company's own, say), so that what we build asks the same
 * one.
 */
export function debianMirror(sources: string[] = aptSources()): string {
  const text = sources.join('\n');
  const urls = text.match(/https?:\/\/\S+/g) ?? [];
  const isDebian = (url: string): boolean => /\/debian\/?$/.test(url);
  return (
    process.env['SLIPWAY_DEBIAN_MIRROR'] ??
    urls.find(isDebian)?.replace(/\/$/, '') ??
    'http://deb.debian.org/debian'
  );
}

function aptSources(): string[] {
  return globSync(['/etc/apt/sources.list', '/etc/apt/sources.list.d/*'])
    .sort()
    .map((file) => readFileSync(file, 'utf8').replace(/^\s*#.*$/gm, ''));
}

/** One certificate authority, in PEM. */
export interface Authority {
  /** First 12 hex digits of the SHA-256 of the PEM text. */
  id: string;
  pem: string;
}

/**
 * The certificate authorities that this machine trusts beyond the distribution's own list: those of
 * a proxy that looks into TLS, for one. What runs in a build or a container must trust them too.
 */
export function extraAuthorities(env: NodeJS.ProcessEnv = process.env): Authority[] {
  const files = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'CURL_CA_BUNDLE'].flatMap(
    (name) => env[name] ?? [],
  );
  const added = globSync(['/usr/local/share/ca-certificates/**/*.crt']);
  const known = new Set(
    globSync(['/usr/share/ca-certificates/**/*.crt'])
      .flatMap((file) => certificatesIn(file))
      .map(idOf),
  );
  const found = new Map<string, Authority>();
  for (const pem of [...added, ...files].flatMap((file) => certificatesIn(file))) {
    const id = idOf(pem);
    if (!known.has(id) && isAuthority(pem)) found.set(id, { id, pem });
  }
  return [...found.values()].sort((a, b) => a.id.localeCompare(b.id));
}

function certificatesIn(file: string): string[] {
  if (!existsSync(file)) return [];
  return (
    readFileSync(file, 'latin1').match(
      /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g,
    ) ?? []
  );
}

function isAuthority(pem: string): boolean {
  try {
    return new X509Certificate(pem).ca;
  } catch {
    return false;
  }
}

function idOf(pem: string): string {
  return createHash('sha256').update(pem.replace(/\s/g, '')).digest('hex').slice(0, 12);
}
