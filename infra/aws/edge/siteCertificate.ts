import { Certificate, type CertificateArgs } from '@pulumi/aws/acm/certificate.js';
import { CertificateValidation } from '@pulumi/aws/acm/certificateValidation.js';
import { Record } from '@pulumi/aws/route53/record.js';
import * as pulumi from '@pulumi/pulumi';
import { transformed, type Transform } from '../transform.ts';

export interface SiteCertificateArgs {
  domain: string;
  /** Id of the Route 53 zone that holds the domain. */
  hostedZoneId: string;
  /** Changes the underlying resource, applied last. */
  transform?: { certificate?: Transform<CertificateArgs> };
}

/**
 * A certificate of ACM that proves itself by a record in Route 53, and renews itself as long as the
 * record is there.
 */
export class SiteCertificate extends pulumi.ComponentResource {
  /** Known once the certificate is issued. */
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: SiteCertificateArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:SiteCertificate', name, {}, opts);
    const parent = { parent: this };
    const certificateArgs = { domainName: args.domain, validationMethod: 'DNS' };
    const certificate = new Certificate(
      ...transformed<CertificateArgs>(args.transform?.certificate, name, certificateArgs, parent),
    );
    const proof = certificate.domainValidationOptions.apply(([option]) => {
      if (!option) throw new Error(`ACM names no record that would validate ${args.domain}`);
      return option;
    });
    const record = new Record(
      `${name}-validation`,
      {
        zoneId: args.hostedZoneId,
        name: proof.resourceRecordName,
        type: proof.resourceRecordType,
        records: [proof.resourceRecordValue],
        ttl: 300,
        // The record of a domain's certificates is always the same one: another stack or an old
        // certificate may have left it.
        allowOverwrite: true,
      },
      parent,
    );
    const validation = new CertificateValidation(
      name,
      { certificateArn: certificate.arn, validationRecordFqdns: [record.fqdn] },
      parent,
    );
    this.arn = validation.certificateArn;
    this.registerOutputs({});
  }
}
