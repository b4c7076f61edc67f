import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rdsRegionFault, rdsRoots } from './rdsCertificates.ts';

const checkout = resolve(import.meta.dirname, '../../..');

describe('the roots of RDS in the image', () => {
  it('are certificate authorities that sign themselves, and stay valid for five years at least', () => {
    const roots = rdsRoots(checkout);
    expect(roots.length).toBeGreaterThan(60);
    const soon = Date.now() + 5 * 365 * 86_400_000;
    for (const root of roots) {
      expect(root.ca && root.checkIssued(root) && root.verify(root.publicKey), root.subject).toBe(
        true,
      );
      expect(Date.parse(root.validTo), root.subject).toBeGreaterThan(soon);
    }
  });

  it.each(['eu-central-1', 'us-east-1', 'ap-southeast-2'])('cover %s', (region) => {
    expect(rdsRegionFault(checkout, region)).toBeUndefined();
  });

  it('are said to be missing for a region they do not cover', () => {
    expect(rdsRegionFault(checkout, 'xx-nowhere-1')).toMatch(
      /no root of RDS in xx-nowhere-1.*global-bundle\.pem/,
    );
  });
});
