import { seal, type Envelope } from './envelope.ts';
import type { Signer } from './signer.ts';
import { digestOf, statementType } from './statement.ts';

/** What an image was built from. */
export interface Built {
  /** Hash of the build context, as in the image's name. */
  source: string;
  /** The commit that is checked out, where nothing of the image's source differs from it. */
  revision?: string;
  /** Name of the base image. */
  base: string;
}

/** Source: slsa.dev/spec/v1.1/provenance. */
const provenanceType = 'https://slsa.dev/provenance/v1';

/**
 * A stack's word on how an image came to be.
 *
 * @param stack `<project>/<stack>` of the stack that built it
 * @param release the image's identity, `sha256:…`
 */
export function provenance(
  { stack, release, built }: { stack: string; release: string; built: Built },
  signer: Signer,
): Promise<Envelope> {
  const { source, revision, base } = built;
  const dependencies = [
    ...(revision ? [{ name: 'source', digest: { gitCommit: revision } }] : []),
    { name: base },
  ];
  const statement = {
    _type: statementType,
    subject: [{ name: 'image', digest: digestOf(release) }],
    predicateType: provenanceType,
    predicate: {
      buildDefinition: {
        buildType: 'slipway:docker-build',
        externalParameters: { dockerfile: 'app/Dockerfile', context: source },
        resolvedDependencies: dependencies,
      },
      runDetails: { builder: { id: `slipway:${stack}` } },
    },
  };
  return seal(statement, signer);
}
