import * as pulumi from '@pulumi/pulumi';

/**
 * A resource as it was registered. Inputs are plain values: outputs are resolved, secrets
 * unwrapped.
 */
export interface Recorded {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
  /** Its properties once it is there: its inputs, and the answers of AWS. */
  outputs: Record<string, unknown>;
  urn: string;
  /** URNs: its parent, what it depends on, and what its single properties come from. */
  parent: string;
  dependencies: string[];
  propertyDependencies: Record<string, string[]>;
}

/** The digest of every image in a registry. */
export const repoDigest = `sha256:${'d19e57'.padEnd(64, '0')}`;

/** The resources that were registered under Pulumi's mocks, for tests of components. */
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
    let request: RegisterRequest | undefined;
    await pulumi.runtime.setMocks(
      {
        newResource: ({ type, name, inputs }) => {
          const outputs = { ...physical(name), ...(inputs as Record<string, unknown>) };
          registered.all.push({
            type,
            name,
            inputs: inputs as Record<string, unknown>,
            outputs,
            ...links(request),
          });
          return { id: `${name}-id`, state: outputs };
        },
        call: ({ inputs }) => inputs as Record<string, unknown>,
      },
      names.project,
      names.stack,
      false,
    );
    // Mocks are told no dependencies: the request that is being answered has them, and the answer
    // the URN.
    const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
    const register = monitor.registerResource.bind(monitor);
    monitor.registerResource = (asked, answer) => {
      request = asked;
      const index = registered.all.length;
      const done = register(asked, (error, reply) => {
        const recorded = registered.all[index];
        if (recorded && reply) recorded.urn = reply.getUrn();
        answer(error, reply);
      });
      request = undefined;
      return done;
    };
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
    return JSON.parse(this.inputs(type, name)[key] as string) as {
      Statement: Record<string, unknown>[];
    };
  }
}

/** The part of Pulumi's resource monitor that is listened to. */
interface Monitor {
  registerResource(
    request: RegisterRequest,
    answer: (error: unknown, reply: { getUrn(): string } | undefined) => void,
  ): Promise<void>;
}

interface RegisterRequest {
  getParent(): string;
  getDependenciesList(): string[];
  getPropertydependenciesMap(): { entries(): Iterable<[string, { getUrnsList(): string[] }]> };
}

function links(
  request: RegisterRequest | undefined,
): Pick<Recorded, 'urn' | 'parent' | 'dependencies' | 'propertyDependencies'> {
  const properties = [...(request?.getPropertydependenciesMap().entries() ?? [])];
  return {
    urn: '',
    parent: request?.getParent() ?? '',
    dependencies: request?.getDependenciesList() ?? [],
    propertyDependencies: Object.fromEntries(
      properties.map(([name, urns]) => [name, urns.getUrnsList()]),
    ),
  };
}

/** The answers of AWS. */
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
    repoDigest,
    reference: `registry/app@${repoDigest}`,
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
