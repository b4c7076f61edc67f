import * as pulumi from '@pulumi/pulumi';

/** A resource as it was registered. Inputs are plain values: outputs are resolved, secrets unwrapped. */
export interface Recorded {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

/** What was registered under Pulumi's mocks, for tests of components. */
export class Registered {
  readonly all: Recorded[] = [];

  /**
   * Sets the mocks, lets `create` register its resources and waits until all of them are there.
   *
   * @param project names of the project and the stack
   */
  static async by(
    create: () => void | Promise<void>,
    names = { project: 'slipway', stack: 'prod' },
  ): Promise<Registered> {
    const registered = new Registered();
    await pulumi.runtime.setMocks(
      {
        newResource: ({ type, name, inputs }) => {
          registered.all.push({ type, name, inputs: inputs as Record<string, unknown> });
          return { id: `${name}-id`, state: { ...physical(name), ...(inputs as object) } };
        },
        call: ({ inputs }) => inputs as Record<string, unknown>,
      },
      names.project,
      names.stack,
      false,
    );
    await create();
    // Waits for every registration, and for those that they set off.
    await pulumi.runtime.disconnect();
    return registered;
  }

  /** Resources of a type, such as `aws:ec2/vpc:Vpc`. */
  ofType(type: string): Recorded[] {
    return this.all.filter((resource) => resource.type === type);
  }

  /** The inputs of one resource, which must be there. */
  inputs(type: string, name: string): Record<string, unknown> {
    const found = this.all.find((resource) => resource.type === type && resource.name === name);
    if (found) return found.inputs;
    const names = this.ofType(type).map((resource) => resource.name);
    throw new Error(`no ${type} named ${name}; there are: ${names.join(', ') || 'none'}`);
  }

  /** A policy document that a resource was given as JSON. */
  policy(type: string, name: string, key = 'policy'): { Statement: Record<string, unknown>[] } {
    return JSON.parse(this.inputs(type, name)[key] as string) as { Statement: Record<string, unknown>[] };
  }
}

/** What AWS would answer. */
function physical(name: string): Record<string, unknown> {
  return {
    arn: `arn:aws:test:::${name}`,
    arnSuffix: `${name}-suffix`,
    name: `${name}-physical`,
    bucket: `${name}-physical`,
    dnsName: `${name}.elb.amazonaws.com`,
    zoneId: 'Z-ELB',
    fqdn: `${name}.example.com`,
    endpoint: `${name}.rds.amazonaws.com:5432`,
    address: `${name}.rds.amazonaws.com`,
    port: 5432,
    resourceId: `db-${name}`,
    primaryEndpointAddress: `${name}.cache.amazonaws.com`,
    repositoryUrl: `123456789012.dkr.ecr.eu-central-1.amazonaws.com/${name}`,
    versionId: `${name}-version`,
    hex: 'c0ffee00',
    result: 'generated-secret',
    base64: 'Z2VuZXJhdGVkLXNlY3JldA==',
    repoDigest: 'sha256:d19e57',
    reference: 'registry/app@sha256:d19e57',
    domainValidationOptions: [
      {
        domainName: 'x',
        resourceRecordName: '_proof.example.com',
        resourceRecordType: 'CNAME',
        resourceRecordValue: '_v.aws',
      },
    ],
  };
}
