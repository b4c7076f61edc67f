// Lists the image's packages, for tools that look for known weaknesses: app/build.ts puts it there.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A package, as CycloneDX describes one. */
export interface Component {
  type: 'library' | 'platform';
  name: string;
  version: string;
  /** Package URL: `pkg:npm/%40scope/name@1.2.3`, `pkg:deb/debian/openssl@3.5?arch=amd64`. */
  purl: string;
  'bom-ref': string;
  licenses?: { license: { name: string } }[];
  hashes?: { alg: 'SHA-512'; content: string }[];
}

/**
 * A CycloneDX 1.6 document, without time or serial number: the same source makes the same image.
 * Source: cyclonedx.org/docs/1.6/json.
 */
export interface Sbom {
  bomFormat: 'CycloneDX';
  specVersion: '1.6';
  version: 1;
  metadata: { component: { type: 'application'; name: string; 'bom-ref': string } };
  components: Component[];
}

interface LockedPackage {
  version?: string;
  license?: string;
  /** `sha512-` and base64. */
  integrity?: string;
  dev?: boolean;
}

/**
 * @param root where `node_modules` is, as npm has installed it
 * @param dpkg Debian's list of what is installed; where there is none, as on another system, it has
 *   no part in the document
 */
export function createSbom(root: string, dpkg = '/var/lib/dpkg/status'): Sbom {
  const lock = JSON.parse(
    readFileSync(join(root, 'node_modules', '.package-lock.json'), 'utf8'),
  ) as { packages: Record<string, LockedPackage> };
  const components = [
    component({ type: 'platform', name: 'node', version: process.versions.node, kind: 'generic' }),
    ...Object.entries(lock.packages).flatMap(([path, found]) => npmComponent(path, found)),
    ...(existsSync(dpkg) ? debianComponents(readFileSync(dpkg, 'utf8')) : []),
  ];
  const byRef = new Map(components.map((each) => [each['bom-ref'], each]));
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'application', name: 'slipway-app', 'bom-ref': 'app' } },
    components: [...byRef.values()].sort((a, b) => (a.purl < b.purl ? -1 : 1)),
  };
}

function npmComponent(
  path: string,
  { version, license, integrity, dev }: LockedPackage,
): Component[] {
  const name = path.split('node_modules/').at(-1) ?? '';
  if (dev === true || version === undefined || name === '') return [];
  const sha512 = /^sha512-(.+)$/.exec(integrity ?? '')?.[1];
  return [
    {
      ...component({ type: 'library', name, version, kind: 'npm' }),
      ...(license && { licenses: [{ license: { name: license } }] }),
      ...(sha512 && {
        hashes: [{ alg: 'SHA-512', content: Buffer.from(sha512, 'base64').toString('hex') }],
      }),
    },
  ];
}

function debianComponents(status: string): Component[] {
  return status.split(/\n\n+/).flatMap((stanza) => {
    const field = (key: string) => new RegExp(`^${key}: (.*)$`, 'm').exec(stanza)?.[1];
    const [name, version] = [field('Package'), field('Version')];
    if (!name || !version || !field('Status')?.endsWith(' installed')) return [];
    const kind = 'deb/debian';
    return [component({ type: 'library', name, version, kind, arch: field('Architecture') })];
  });
}

function component(of: {
  type: Component['type'];
  name: string;
  version: string;
  kind: string;
  arch?: string | undefined;
}): Component {
  const name = of.name.replace('@', '%40');
  const arch = of.arch ? `?arch=${of.arch}` : '';
  const purl = `pkg:${of.kind}/${name}@${encodeURIComponent(of.version)}${arch}`;
  return { type: of.type, name: of.name, version: of.version, purl, 'bom-ref': purl };
}
