import { Certificate, type CertificateArgs } from '@pulumi/aws/acm/certificate.js';
import { CertificateValidation } from '@pulumi/aws/acm/certificateValidation.js';
import { Record } from '@pulumi/aws/route53/record.js';
import type * as pulumi from '@pulumi/pulumi';
import { Component, type Transform } from '../../component.ts';

export interface SiteCertificateArgs {
  domain: string;
  /** Id of the Route 53 zone that holds the domain. */
  hostedZoneId: string;
  /** Changes the underlying resource, applied last. */
  transform?: { certificate?: Transform<CertificateArgs> } | undefined;
}

/**
 * A certificate of ACM. A record in Route 53 proves that the domain is ours; ACM renews the
 * certificate for as long as the record is there.
 */
export class SiteCertificate extends Component {
  /** Known once the certificate is issued. */
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: SiteCertificateArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:SiteCertificate', name, opts);
    const certificate = this.child(
      Certificate,
      '',
      { domainName: args.domain, validationMethod: 'DNS' },
      { transform: args.transform?.certificate },
    );
    const proof = certificate.domainValidationOptions.apply(([option]) => {
      if (!option) throw new Error(`ACM names no record that would validate ${args.domain}`);
      return option;
    });
    const record = this.child(Record, 'validation', {
      zoneId: args.hostedZoneId,
      name: proof.resourceRecordName,
      type: proof.resourceRecordType,
      records: [proof.resourceRecordValue],
      ttl: 300,
      // All certificates of a domain have the same record. Another stack, or an old certificate,
      // may have left it there.
      allowOverwrite: true,
    });
    const validation = this.child(CertificateValidation, '', {
      certificateArn: certificate.arn,
      validationRecordFqdns: [record.fqdn],
    });
    this.arn = validation.certificateArn;
    this.registerOutputs({});
  }
}
