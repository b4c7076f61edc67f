import * as pulumi from '@pulumi/pulumi';
import { createBlueprint, type Blueprint } from '../../blueprint.ts';
import { awsConfig, parseConfig } from '../../config.ts';

/** A resource as the program registered it. */
export interface Recorded {
  type: string;
  name: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  inputs: Record<string, any>;
}

const account = '123456789012';
const region = 'eu-central-1';

/** What the mocked engine answers for a resource: ids and addresses that can be told apart. */
function state(type: string, name: string, inputs: Record<string, unknown>): Record<string, unknown> {
  const short = type.split(':')[1]?.split('/')[0] ?? '';
  return {
    ...inputs,
    name: inputs['name'] ?? `${name}-physical`,
    arn: `arn:aws:${short}:${region}:${account}:${name}`,
    arnSuffix: `${name}/suffix`,
    address: `${name}.internal`,
    endpoint: `${name}.internal:5432`,
    port: inputs['port'] ?? 5432,
    resourceId: `db-${name}`,
    primaryEndpointAddress: `${name}.cache.internal`,
    repositoryUrl: `${account}.dkr.ecr.${region}.amazonaws.com/${String(inputs['name'])}`,
    dnsName: `${name}.elb.internal`,
    versionId: `${name}-version`,
    hex: 'c0ffee00',
    result: `${name}-generated-secret`,
    base64: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlYw==',
    dashboardName: inputs['dashboardName'] ?? name,
    ...(type === 'slipway:index:ImagePush' && {
      repoDigest: `sha256:${'b'.repeat(64)}`,
      reference: `registry/app@sha256:${'b'.repeat(64)}`,
    }),
  };
}

/** Every resource that a stack on AWS is made of, registered against a mocked engine. */
export class MockedStack {
  readonly recorded: Recorded[] = [];

  /** @param raw configuration of the namespace `slipway`, beside what every stack needs */
  static async run(raw: Record<string, string> = {}, change: (blueprint: Blueprint) => void = () => {}) {
    const stack = new MockedStack();
    await pulumi.runtime.setMocks(
      {
        newResource: ({ type, name, inputs }) => {
          const recorded = inputs as Record<string, unknown>;
          stack.recorded.push({ type, name, inputs: recorded });
          return { id: `${name}-id`, state: state(type, name, recorded) };
        },
        call: ({ inputs }) => inputs as Record<string, unknown>,
      },
      'slipway',
      'prod',
    );
    const { AwsPlatform } = await import('../awsPlatform.ts');
    const { AppSecrets } = await import('../../secrets.ts');
    const { serviceEnvironment, taskEnvironment } = await import('../../environment.ts');
    const config = awsConfig(
      parseConfig(
        { platform: 'aws', image: `sha256:${'a'.repeat(64)}`, awsAccountId: account, ...raw },
        { project: 'slipway', stack: 'prod' },
        { region },
      ),
    );
    const blueprint = createBlueprint(config);
    change(blueprint);
    const secrets = new AppSecrets('app');
    const platform = new AwsPlatform(
      {
        config,
        identity: { project: 'slipway', stack: 'prod', root: '/checkout' },
        blueprint,
        zones: config.cost === 'ha' ? ['a', 'b', 'c'].map((zone) => region + zone) : [`${region}a`, `${region}b`],
        https: { domain: 'chat.example.com', hostedZoneId: 'Z1' },
        emulator: config.awsEndpoint === undefined ? undefined : { endpoint: config.awsEndpoint },
        dockerHost: 'unix:///var/run/docker.sock',
        image: () => ({ imageId: pulumi.output(config.image ?? ''), migrations: pulumi.output([]) }),
      },
      secrets,
    );
    const environment = {
      config,
      secrets,
      database: platform.database,
      cache: platform.cache,
      publicUrl: platform.publicUrl,
      release: platform.image.imageId,
    };
    const migrations = platform.migrate(blueprint.migration, taskEnvironment(environment));
    const services = blueprint.services.map((service) =>
      platform.run(service, serviceEnvironment(environment), migrations),
    );
    platform.rollout(services, blueprint.routes, migrations);
    // Registrations are answered in turn; the mocked engine knows of all of them once nothing new has come for a while.
    await pulumi.runtime.disconnect();
    return stack;
  }

  /** The inputs of one resource. */
  inputs(type: string, name?: string): Recorded['inputs'] {
    const found = this.all(type).filter((resource) => name === undefined || resource.name === name);
    if (found.length !== 1) {
      const there = this.all(type).map((resource) => resource.name);
      throw new Error(`${found.length} resources ${type} ${name ?? ''}; there are: ${there.join(', ')}`);
    }
    return (found[0] as Recorded).inputs;
  }

  all(type: string): Recorded[] {
    return this.recorded.filter((resource) => resource.type === type);
  }

  /** How many resources of each type there are, components of our own left out. */
  counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { type } of this.recorded) if (!/^slipway:(aws|index:AppSecrets)/.test(type)) counts[type] = (counts[type] ?? 0) + 1;
    return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
