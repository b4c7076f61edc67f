import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { afterAll, expect, it } from 'vitest';
import { createSbom } from './sbom.ts';

const root = mkdtempSync(join(tmpdir(), 'sbom-'));
afterAll(() => rmSync(root, { recursive: true }));
const dpkg = join(root, 'status');
const install = (packages: object, status = '') => {
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages }));
  writeFileSync(dpkg, status);
};

it('lists what npm and Debian have installed, by package URL, and nothing that only development needs', () => {
  const integrity = `sha512-${Buffer.from('ab').toString('base64')}`;
  install(
    {
      'node_modules/express': { version: '5.1.0', license: 'MIT', integrity },
      'node_modules/express/node_modules/@scope/inner': { version: '1.0.0-rc.1' },
      'node_modules/vitest': { version: '4.0.0', dev: true },
    },
    [
      'Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.41-12+deb13u1',
      'Package: gone\nStatus: deinstall ok config-files\nVersion: 1',
      '',
    ].join('\n\n'),
  );
  const { components } = createSbom(root, dpkg);
  expect(components.map(({ purl }) => purl)).toEqual([
    'pkg:deb/debian/libc6@2.41-12%2Bdeb13u1?arch=amd64',
    `pkg:generic/node@${process.versions.node}`,
    'pkg:npm/%40scope/inner@1.0.0-rc.1',
    'pkg:npm/express@5.1.0',
  ]);
  expect(components.at(-1)).toMatchObject({
    licenses: [{ license: { name: 'MIT' } }],
    hashes: [{ alg: 'SHA-512', content: '6162' }],
  });
});

it('of this checkout is a CycloneDX document by the published schema, and the same each time', async () => {
  const checkout = join(import.meta.dirname, '..');
  const text = JSON.stringify(createSbom(checkout));
  expect(text).toBe(JSON.stringify(createSbom(checkout)));
  expect(text).toContain('pkg:npm/express@');
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
  expect(await validator.validate(text)).toBeNull();
});
