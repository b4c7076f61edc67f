import { expect, it } from 'vitest';
import { commentLimit, markdown } from './markdown.ts';
import { packageChanges } from './packages.ts';
import { previews, reportOf } from './test-support/engineEvents.ts';

const sbom = (...purls: string[]) =>
  JSON.stringify({
    components: purls.map((purl) => ({ purl, version: purl.split('@').at(-1)?.split('?')[0] })),
  });

it('names what is new, gone, or has another version, and nothing that stays', () => {
  const before = sbom(
    'pkg:npm/express@5.1.0',
    'pkg:npm/%40scope/a@1.0.0',
    'pkg:npm/ms@2.0.0',
    'pkg:npm/ms@2.1.3',
    'pkg:deb/debian/gone@1?arch=amd64',
  );
  const after = sbom(
    'pkg:npm/express@5.2.0',
    'pkg:npm/%40scope/a@1.0.0',
    'pkg:npm/ms@2.1.3',
    'pkg:deb/debian/new@1?arch=amd64',
  );
  expect(packageChanges(before, after)).toEqual([
    { name: 'deb/debian/gone', from: '1' },
    { name: 'deb/debian/new', to: '1' },
    { name: 'npm/express', from: '5.1.0', to: '5.2.0' },
    { name: 'npm/ms', from: '2.0.0, 2.1.3', to: '2.1.3' },
  ]);
  expect(packageChanges(after, after)).toEqual([]);
});

it('is a folded part of the report, cut where there are many', () => {
  const packages = Array.from({ length: 1200 }, (_, n) => ({
    name: `npm/p${n}`,
    from: '1',
    to: '2',
  }));
  const report = { ...reportOf(previews['no change']), packages: [{ name: 'npm/a', to: '1' }] };
  expect(markdown(report)).toContain('Packages of the image (1)');
  expect(markdown(report)).toContain('- `npm/a`: new → `1`');
  const long = markdown({ ...report, packages }, commentLimit);
  expect(long.length).toBeLessThanOrEqual(commentLimit);
  expect(long).toMatch(/Packages of the image \(1200\)[^]*… and \d+ more/);
});
