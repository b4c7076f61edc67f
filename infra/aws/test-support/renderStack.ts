import * as pulumi from '@pulumi/pulumi';
import { createBlueprint, type Blueprint } from '../../blueprint.ts';
import { awsConfig, parseConfig } from '../../config/config.ts';
import { Registered } from '../../test-support/registered.ts';

/** The image of a rendered stack. */
export const imageId = `sha256:${'a'.repeat(64)}`;

/**
 * Registers everything that a stack on AWS is made of, under mocks, in the order of
 * `infra/index.ts`.
 *
 * @param raw configuration of the namespace `slipway`, beside what every stack needs
 * @param change changes the blueprint before it is rendered
 */
export async function renderStack(
  raw: Record<string, string> = {},
  change: (blueprint: Blueprint) => void = () => {},
): Promise<Registered> {
  return Registered.by(async () => {
    const { AwsPlatform } = await import('../awsPlatform.ts');
    const { AppSecrets } = await import('../../secrets.ts');
    const { serviceEnvironment, taskEnvironment } = await import('../../environment.ts');
    const config = awsConfig(
      parseConfig(
        { platform: 'aws', image: imageId, awsAccountId: '123456789012', ...raw },
        { project: 'slipway', stack: 'prod' },
        { region: 'eu-central-1' },
      ),
    );
    const blueprint = createBlueprint(config);
    change(blueprint);
    const zones = ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'];
    const secrets = new AppSecrets('app');
    const platform = new AwsPlatform(
      {
        config,
        identity: { project: 'slipway', stack: 'prod', root: '/checkout' },
        blueprint,
        zones: zones.slice(0, config.cost === 'ha' ? 3 : 2),
        https: { domain: 'chat.example.com', hostedZoneId: 'Z1' },
        emulator: config.awsEndpoint === undefined ? undefined : { endpoint: config.awsEndpoint },
        dockerHost: 'unix:///var/run/docker.sock',
        image: () => ({ imageId: pulumi.output(imageId), migrations: pulumi.output([]) }),
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
  });
}
