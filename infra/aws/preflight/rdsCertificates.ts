import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The roots that the image trusts for its database, from
 * https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem: RDS signs with a root of the
 * instance's own region, which no public list knows.
 *
 * @param root the checkout
 */
export function rdsRoots(root: string): X509Certificate[] {
  const text = readFileSync(join(root, 'app/certificates/rds.crt'), 'utf8');
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

/**
 * The fault of a region where the image could not verify a database; none where it can.
 */
export function rdsRegionFault(root: string, region: string): string | undefined {
  if (rdsRoots(root).some(({ subject }) => subject.includes(`RDS ${region} Root CA RSA2048 G1`)))
    return undefined;
  return `app/certificates/rds.crt has no root of RDS in ${region}. Replace it by https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem and build the image anew.`;
}
